"""Roles with a path, as policies and IAM's simulator see them.

To conditions, a session of a role is the role: `aws:PrincipalArn` is its ARN, path included
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn).
The emulator gives the session's ARN, which has no path, and looks for the policies of a role by its path and name.
"""

from ministack.core import iam_evaluator
from ministack.services import iam


def install() -> None:
    resolve = iam_evaluator._resolve_condition_key
    gather = iam_evaluator._gather_role_policies

    def resolve_condition_key(key, ctx):
        value = resolve(key, ctx)
        if key.lower() != "aws:principalarn" or ":assumed-role/" not in (value or ""):
            return value
        name = iam_evaluator._role_name_from_assumed_arn(value)
        role = iam._roles.get_scoped(ctx.principal_account, None, name)
        return role["Arn"] if role else value

    def gather_role_policies(name, account):
        return gather(name.rsplit("/", 1)[-1], account)

    iam_evaluator._resolve_condition_key = resolve_condition_key
    iam_evaluator._gather_role_policies = gather_role_policies
