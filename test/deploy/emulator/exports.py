"""Exports that are in use, which CloudFormation neither removes nor changes in an update.

The emulator looks at them only when a stack is deleted
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html).
"""

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, stacks


def install() -> None:
    resolve = stacks._resolve_stack_outputs

    def resolve_stack_outputs(outputs_defs, conditions, resources, params, mappings, stack_name, stack_id):
        outputs, exports = resolve(outputs_defs, conditions, resources, params, mappings, stack_name, stack_id)
        for name, export in cloudformation._exports.items():
            if export["StackId"] != stack_id or exports.get(name) == export:
                continue
            if users := importers(name, stack_name):
                change = "update" if name in exports else "delete"
                raise ValueError(f"Cannot {change} export {name} as it is in use by {' and '.join(users)}")
        return outputs, exports

    stacks._resolve_stack_outputs = resolve_stack_outputs


def importers(export: str, exporter: str) -> list[str]:
    return [
        name
        for name, stack in cloudformation._stacks.items()
        if name != exporter
        and not stack.get("StackStatus", "").startswith("DELETE")
        and export in handlers._imported_export_names(stack, name)
    ]
