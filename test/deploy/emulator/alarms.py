"""Alarms that are given as `Metrics`: metrics with a label, and expressions.

The emulator refuses them in templates. Here they are checked by CloudWatch's rules
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html) and stored, so that
DescribeAlarms returns them as it does on AWS. Their state is never computed: it stays as it was created or set.
"""

import re

from ministack.services.cloudformation import provisioners

# What an alarm on one metric has in place of `Metrics`.
SINGLE = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit")


def install() -> None:
    record_of = provisioners._cw_metric_alarm_record

    def record(name, props):
        metrics = props.get("Metrics")
        if not metrics:
            return record_of(name, props)
        check(metrics, props)
        placeholder = {**props, "Metrics": None, "MetricName": "none", "Namespace": "none"}
        alarm = record_of(name, placeholder)
        return {**{key: alarm[key] for key in alarm if key not in SINGLE}, "Metrics": metrics}

    provisioners._cw_metric_alarm_record = record


def check(metrics: list, props: dict) -> None:
    """Raises ValueError, which fails the stack, for what CloudWatch would refuse."""
    both = [key for key in SINGLE if props.get(key) is not None]
    if both:
        raise ValueError(f"An alarm has either Metrics or {both[0]}.")
    ids = [metric.get("Id", "") for metric in metrics]
    if len(set(ids)) < len(ids) or not all(re.fullmatch("[a-z][A-Za-z0-9_]*", id) for id in ids):
        raise ValueError(f"Ids of metrics must be distinct and begin with a lower-case letter: {ids}")
    if sum(metric.get("ReturnData", True) is True for metric in metrics) != 1:
        raise ValueError("Exactly one of an alarm's metrics must return data.")
    for metric in metrics:
        if ("Expression" in metric) == ("MetricStat" in metric):
            raise ValueError(f"Metric {metric['Id']} must have an Expression or a MetricStat.")
        if "Expression" in metric:
            unknown = set(re.findall(r"\b[a-z]\w*", metric["Expression"])) - set(ids)
            if unknown:
                raise ValueError(f"The expression of {metric['Id']} has unknown ids: {sorted(unknown)}")
        else:
            stat = metric["MetricStat"]
            if not (stat.get("Period") and stat.get("Stat") and stat["Metric"].get("MetricName")):
                raise ValueError(f"Metric {metric['Id']} must have a MetricName, a Period and a Stat.")
