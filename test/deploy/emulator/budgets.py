"""Budgets in templates. The emulator has the service, but no resource type of it."""

import json

from ministack.services import budgets
from ministack.services.cloudformation import provisioners


def install() -> None:
    provisioners._RESOURCE_HANDLERS["AWS::Budgets::Budget"] = {"create": create, "delete": delete}


def create(logical_id: str, props: dict, stack_name: str):
    budget = dict(props["Budget"])
    budget.setdefault("BudgetName", provisioners._physical_name(stack_name, logical_id, max_len=100))
    limit = budget.get("BudgetLimit")
    if limit:
        # A number in templates, text in the service's API.
        budget["BudgetLimit"] = {**limit, "Amount": str(limit["Amount"])}
    request = {**props, "Budget": budget}
    answered(budgets._create_budget(request))
    return budget["BudgetName"], {}


def delete(physical_id: str, props: dict) -> None:
    answered(budgets._delete_budget({"BudgetName": physical_id}))


def answered(response: tuple) -> None:
    """Raises ValueError, which fails the stack, when the service refuses."""
    status, _, body = response
    if status != 200:
        raise ValueError(f"AWS::Budgets::Budget: {json.loads(body)}")
