"""What empties the bucket of a disposable deployment before it is deleted.

On AWS that is a function of CDK's, whose SDK comes with Lambda; the emulator's functions lack it.
"""

from ministack.services import s3
from ministack.services.cloudformation import provisioners


def install() -> None:
    provisioners._RESOURCE_HANDLERS["Custom::S3AutoDeleteObjects"] = {
        "create": create,
        "update": update,
        "delete": delete,
    }


def create(logical_id: str, props: dict, stack_name: str):
    return f"{stack_name}-{logical_id}", {}


def update(physical_id: str, old_props: dict, new_props: dict, stack_name: str):
    return physical_id, {}


def delete(physical_id: str, props: dict) -> None:
    s3._buckets[props["BucketName"]]["objects"].clear()
