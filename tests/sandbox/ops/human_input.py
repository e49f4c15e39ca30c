"""Forms that a run waits for: by the contract's words, since 1.12.1 does not have them."""

from __future__ import annotations

from ..call import Call
from ..errors import Refusal, envelope, not_found
from ..forms import ACTIONS, INPUTS, Form
from ..routing import operation
from ..validate import Field, check
from ..wire import Answer, json_answer
from .runs import wrong_app

KINDS = ("advanced-chat", "workflow")
_PATH = "/form/human_input/{token}"


def _form(call: Call) -> Form:
    """The form of the path, if it can still be filled in."""
    wrong_app(call, KINDS, "app_unavailable")
    form = call.world.runs.forms.get(call.params["token"])
    if form is None or form.run.app is not call.app:
        raise not_found("Form not found")
    if form.submitted:
        message = f"This form has already been submitted by another user, form_id={form.id}"
        raise Refusal(envelope(412, "human_input_form_submitted", message))
    if form.expired:
        raise Refusal(envelope(412, "human_input_form_expired", f"This form has expired, form_id={form.id}"))
    return form


@operation("human_input.get", "GET", _PATH, auth="app", lacking="routes-absent")
def get(call: Call) -> Answer:
    return json_answer(_form(call).shown())


@operation("human_input.submit", "POST", _PATH, auth="app", lacking="routes-absent")
def submit(call: Call) -> Answer:
    call.user()
    rules = (Field("inputs", "dict", required=True), Field("action", "str", required=True))
    payload = check("HumanInputFormSubmitPayload", call.json(), rules)
    form = _form(call)
    if payload["action"] not in {action["id"] for action in ACTIONS}:
        raise Refusal(envelope(400, "invalid_form_data", f"Invalid action: {payload['action']}"))
    names = [one["output_variable_name"] for one in INPUTS]
    missing = [name for name in names if name not in payload["inputs"]]
    if missing:
        raise Refusal(envelope(400, "invalid_form_data", f"Missing required inputs: {', '.join(missing)}"))
    form.submit(payload["action"], {name: payload["inputs"][name] for name in names})
    call.effect()
    return json_answer({})
