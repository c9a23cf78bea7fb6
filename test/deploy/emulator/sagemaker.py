"""SageMaker behind the emulator's door, which checks who calls and what his policies allow.

What may pass goes on to the server at SAGEMAKER_SERVER (local/sagemaker/http-server.ts), which runs jobs and endpoints
as processes. Resources as in https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
"""

import asyncio
import json
import os
import re
import urllib.error
import urllib.request

import ministack.app
from ministack.core import iam_actions, router

KINDS = {"Endpoint": "endpoint", "EndpointConfig": "endpoint-config", "Model": "model", "TrainingJob": "training-job"}
INVOCATIONS = re.compile(r"/endpoints/([^/]+)/invocations")
FORWARDED = ("accept", "content-type", "x-amz-target", "x-amzn-sagemaker-custom-attributes")


def install() -> None:
    action_of, resource_of = iam_actions.extract_iam_action, iam_actions.extract_resource_arn

    def extract_iam_action(service, method, path, *rest):
        if service == "sagemaker" and INVOCATIONS.fullmatch(path):
            return "sagemaker:InvokeEndpoint"
        return action_of(service, method, path, *rest)

    def extract_resource_arn(service, method, path, headers, body, params, region, account):
        if service == "sagemaker":
            return f"arn:aws:sagemaker:{region}:{account}:{resource}" if (resource := named(path, headers, body)) else "*"
        return resource_of(service, method, path, headers, body, params, region, account)

    iam_actions.extract_iam_action = extract_iam_action
    iam_actions.extract_resource_arn = extract_resource_arn
    iam_actions.SERVICE_TO_IAM_NAMESPACE["sagemaker"] = "sagemaker"
    router.SERVICE_PATTERNS["sagemaker"] = {"target_prefixes": ["SageMaker."], "credential_scope": "sagemaker"}
    ministack.app.SERVICE_HANDLERS["sagemaker"] = forward


def named(path: str, headers: dict, body: bytes) -> str | None:
    """The resource that a call is about; SageMaker lists what it has without one."""
    if invoked := INVOCATIONS.fullmatch(path):
        return f"endpoint/{invoked[1].lower()}"
    operation = re.fullmatch(r"SageMaker\.(?:Create|Describe|Delete|Stop)(\w+)", headers.get("x-amz-target", ""))
    if operation is None:
        return None
    return f"{KINDS[operation[1]]}/{json.loads(body)[operation[1] + 'Name'].lower()}"


async def forward(method: str, path: str, headers: dict, body: bytes, query_params: dict) -> tuple:
    sent = {name: headers[name] for name in FORWARDED if name in headers}
    # The emulator has checked who asks; the server behind it lets nobody else in.
    sent["authorization"] = f"AWS4-HMAC-SHA256 Credential={os.environ['SAGEMAKER_ACCESS_KEY_ID']}/forwarded"
    request = urllib.request.Request(os.environ["SAGEMAKER_SERVER"] + path, body, sent, method=method)
    return await asyncio.to_thread(answer, request)


def answer(request: urllib.request.Request) -> tuple:
    try:
        response = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        kept = {"Content-Type": response.headers["content-type"]}
        if error_type := response.headers["x-amzn-errortype"]:
            kept["x-amzn-errortype"] = error_type
        return response.status, kept, response.read()
