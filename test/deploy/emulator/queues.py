"""Two things of SQS that the emulator lacks: what its batch calls are allowed by, and moving dead letters back.

SQS has no IAM actions for its batch calls: `sqs:SendMessage` allows SendMessageBatch
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html). The emulator looks for
`sqs:SendMessageBatch`.

StartMessageMoveTask without a destination gives each message to the queue whose dead letter it was
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html). The emulator does not
keep from which queue a message came, so the dead letters of one queue alone can be moved.
"""

import json
import re

from ministack.core import iam_actions
from ministack.services import sqs


def install() -> None:
    action_of = iam_actions.extract_iam_action

    def extract_iam_action(*args, **kwargs):
        action = action_of(*args, **kwargs)
        return action and re.sub(r"^sqs:(\w+)Batch$", r"sqs:\1", action)

    iam_actions.extract_iam_action = extract_iam_action
    sqs._HANDLERS["StartMessageMoveTask"] = start_message_move_task


def start_message_move_task(data: dict, _url: str) -> dict:
    source = data["SourceArn"]
    dead_letters = sqs._queue_by_arn(source)
    if dead_letters is None:
        raise sqs._Err("ResourceNotFoundException", f"There is no queue {source}.")
    owners = [url for url, queue in sqs._queues.items() if dead_letters_of(queue) == source]
    if len(owners) != 1:
        raise sqs._Err("InvalidParameterValue", f"{source} has the dead letters of {len(owners)} queues.")
    messages = dead_letters["messages"]
    while messages:
        message = messages.pop(0)
        sqs._act_send_message({"QueueUrl": owners[0], "MessageBody": message["body"]}, owners[0])
    return {"TaskHandle": source}


def dead_letters_of(queue: dict) -> str | None:
    policy = queue["attributes"].get("RedrivePolicy")
    return json.loads(policy).get("deadLetterTargetArn") if policy else None
