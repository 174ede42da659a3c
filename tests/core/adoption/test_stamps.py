"""What is pasted is read back: each stamp by the rule that reads it."""

import json

from config.shapes.source_logs import RequestLog
from tasks.core.adoption.stamps import stamps_for
from tasks.sources.github.texts import label_stamps, trailer_stamps


def test_every_stamp_names_the_workflow_in_a_way_that_is_read() -> None:
    environment, settings, trailer, label, header = (one.text for one in stamps_for("sort-mail"))

    attribute = "workflow=sort-mail"
    assert environment == f'export OTEL_RESOURCE_ATTRIBUTES="{attribute}"'
    assert json.loads(settings)["env"]["OTEL_RESOURCE_ATTRIBUTES"] == attribute
    assert attribute.partition("=")[0] in RequestLog.model_fields["stamp_keys"].default
    assert trailer_stamps([f"Mend it\n\n{trailer}"]).ids == ["sort-mail"]
    assert label_stamps([label]).ids == ["sort-mail"]
    assert header == f"x-litellm-tags: {label}"
