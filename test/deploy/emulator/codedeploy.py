"""CodeDeploy's applications and deployment groups in templates. The emulator does not have the service.

Nothing is shifted gradually here: the emulator moves an alias at once. What is checked is what CodeDeploy would refuse: a
group of an application, a role and alarms that are not there
(https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeploymentGroup.html).
"""

from ministack.services import cloudwatch, iam
from ministack.services.cloudformation import provisioners

APPLICATIONS: set = set()
GROUPS: dict = {}


def install() -> None:
    handlers = provisioners._RESOURCE_HANDLERS
    handlers["AWS::CodeDeploy::Application"] = {"create": create_application, "delete": delete_application}
    handlers["AWS::CodeDeploy::DeploymentGroup"] = {"create": create_group, "update": update_group, "delete": delete_group}


def create_application(logical_id: str, props: dict, stack_name: str):
    name = props["ApplicationName"]
    if name in APPLICATIONS:
        raise ValueError(f"Application {name} already exists.")
    APPLICATIONS.add(name)
    return name, {}


def delete_application(physical_id: str, props: dict) -> None:
    APPLICATIONS.discard(physical_id)


def create_group(logical_id: str, props: dict, stack_name: str):
    name = props["DeploymentGroupName"]
    if name in GROUPS:
        raise ValueError(f"Deployment group {name} already exists.")
    check(props)
    GROUPS[name] = props
    return name, {}


def update_group(physical_id: str, old_props: dict, new_props: dict, stack_name: str):
    check(new_props)
    GROUPS[physical_id] = new_props
    return physical_id, {}


def delete_group(physical_id: str, props: dict) -> None:
    GROUPS.pop(physical_id, None)


def check(props: dict) -> None:
    """Raises ValueError, which fails the stack, for what does not exist."""
    if props["ApplicationName"] not in APPLICATIONS:
        raise ValueError(f"There is no application {props['ApplicationName']}.")
    role = props["ServiceRoleArn"].rsplit("/", 1)[-1]
    if role not in iam._roles:
        raise ValueError(f"There is no role {role}.")
    alarms = [alarm["Name"] for alarm in props.get("AlarmConfiguration", {}).get("Alarms", [])]
    missing = [name for name in alarms if name not in cloudwatch._alarms]
    if missing or not alarms:
        raise ValueError(f"There are no alarms {missing}.")
