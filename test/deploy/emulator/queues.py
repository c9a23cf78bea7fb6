"""The actions that SQS's batch calls are allowed by.

SQS has no IAM actions for its batch calls: `sqs:SendMessage` allows SendMessageBatch
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html). The emulator looks for
`sqs:SendMessageBatch`.
"""

import re

from ministack.core import iam_actions


def install() -> None:
    action_of = iam_actions.extract_iam_action

    def extract_iam_action(*args, **kwargs):
        action = action_of(*args, **kwargs)
        return action and re.sub(r"^sqs:(\w+)Batch$", r"sqs:\1", action)

    iam_actions.extract_iam_action = extract_iam_action
