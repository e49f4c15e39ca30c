"""End users of an app, by the ids that other answers show. Not in 1.12.1: played in the words of the contract."""

from __future__ import annotations

from datetime import datetime, timezone

from ..call import Call
from ..errors import Refusal, envelope
from ..routing import operation
from ..wire import Answer, json_answer

ANONYMOUS = "DEFAULT-USER"


@operation("end_users.get", "GET", "/end-users/{end_user_id}", auth="app", lacking="routes-absent")
def get(call: Call) -> Answer:
    found = next((user for user in call.app.users.values() if user.id == call.params["end_user_id"]), None)
    if found is None:
        raise Refusal(envelope(404, "end_user_not_found", "End user not found."))
    made = datetime.fromtimestamp(int(found.created_at), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = {
        "id": found.id,
        "tenant_id": call.workspace.id,
        "app_id": call.app.id,
        "type": "service-api",
        "external_user_id": found.session,
        "name": None,
        "is_anonymous": found.session == ANONYMOUS,
        "session_id": found.session,
        "created_at": made,
        "updated_at": made,
    }
    return json_answer(shown)
