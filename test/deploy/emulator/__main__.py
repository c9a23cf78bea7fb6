"""Starts the AWS emulator of the package ministack, with what this deployment needs and the emulator lacks."""

import alarms
import budgets
import codedeploy
import disposable
import exports
import ministack.app
import queues
import roles
import sagemaker

for completion in (alarms, budgets, codedeploy, disposable, exports, queues, roles, sagemaker):
    completion.install()
# Nobody here asks for port 443, which another program may want.
ministack.app._port_is_bindable = lambda host, port: False
ministack.app.main()
