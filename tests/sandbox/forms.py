"""Forms that a run waits for, by the contract's words: no server of 1.12.1 has them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .state import new_id

if TYPE_CHECKING:
    from .runs import Run

EXPIRES_S = 3 * 24 * 3600
CONTENT = "Please review the draft."
INPUTS: list[dict[str, Any]] = [
    {
        "type": "paragraph",
        "output_variable_name": "comment",
        "default": {"type": "constant", "selector": [], "value": ""},
    }
]
ACTIONS = [
    {"id": "approve", "title": "Approve", "button_style": "primary"},
    {"id": "reject", "title": "Reject", "button_style": "default"},
]


class Form:
    """One form: asked for by a run, filled in once."""

    def __init__(self, run: Run, node: str) -> None:
        self.run = run
        self.node = node
        self.id = new_id()
        self.token = new_id().replace("-", "")[:22]
        self.expires_at = time.time() + EXPIRES_S
        self.submitted = False
        self.action = ""
        self.values: dict[str, Any] = {}

    @property
    def expired(self) -> bool:
        return not self.submitted and time.time() >= self.expires_at

    def submit(self, action: str, values: dict[str, Any]) -> None:
        self.submitted, self.action, self.values = True, action, values
        self.run.wake()

    def expire(self) -> None:
        self.expires_at = time.time()
        self.run.wake()

    def shown(self) -> dict[str, Any]:
        """As the form itself is got."""
        return {
            "form_content": CONTENT,
            "inputs": INPUTS,
            "resolved_default_values": {},
            "user_actions": ACTIONS,
            "expiration_time": int(self.expires_at),
        }

    def required(self) -> dict[str, Any]:
        return {
            "form_id": self.id,
            "node_id": self.node,
            "node_title": self.node,
            "form_content": CONTENT,
            "inputs": INPUTS,
            "actions": ACTIONS,
            "display_in_ui": False,
            "form_token": self.token,
            "resolved_default_values": {},
            "expiration_time": int(self.expires_at),
        }

    def paused(self) -> dict[str, Any]:
        run = self.run
        return {
            "workflow_run_id": run.id,
            "paused_nodes": [self.node],
            "outputs": {},
            "reasons": [{"TYPE": "human_input_required", "form_id": self.id, "node_id": self.node}],
            "status": "paused",
            "created_at": int(run.created_at),
            "elapsed_time": run.elapsed,
            "total_tokens": 0,
            "total_steps": run.steps,
        }

    def timeout(self) -> dict[str, Any]:
        return {"node_id": self.node, "node_title": self.node, "expiration_time": int(self.expires_at)}

    def filled(self) -> dict[str, Any]:
        title = next(action["title"] for action in ACTIONS if action["id"] == self.action)
        return {
            "node_id": self.node,
            "node_title": self.node,
            "rendered_content": CONTENT,
            "action_id": self.action,
            "action_text": title,
            "submitted_data": self.values,
        }
