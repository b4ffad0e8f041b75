"""The example of a lifecycle rule speaks of what the service writes."""

from __future__ import annotations

import re

from functions.model import VENDOR_WINDOW
from functions.store.protocol import location_of
from functions.tasks.history.keys import folder_of
from packager.build import ROOT
from packager.env_file import read_env_file


def test_the_lifecycle_rules_are_for_the_store_s_own_folders_and_outlast_the_vendor() -> None:
    store = location_of(read_env_file(ROOT / "deploy" / ".env.example").values["DEPLOY_STORE"])
    text = (ROOT / "deploy" / "lifecycle.xml").read_text("utf-8")
    prefixes = re.findall("<Prefix>(.*)</Prefix>", text)
    assert prefixes == [f"{store.prefix}tasks/", f"{store.prefix}changes/"]
    assert folder_of("cdn").startswith("tasks/")
    assert all(int(days) > VENDOR_WINDOW.days for days in re.findall("<Days>(.*)</Days>", text))
