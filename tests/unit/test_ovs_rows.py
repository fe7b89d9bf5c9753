"""What is made of OVSDB's rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtui.backends.ovs.rows import COLUMNS, ENTRIES, TEXT, Database
from vtui.model import Bridge, Controller, Interface, OpenVSwitch, Port, Ref

_ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_JSON = st.recursive(
    _ATOMS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)
_UUIDS = {"Open_vSwitch": "r", "Bridge": "b", "Controller": "c", "Port": "p", "Interface": "i"}
_REFERENCE = st.sampled_from([["uuid", uuid] for uuid in _UUIDS.values()])
_CELLS = st.one_of(
    _JSON,
    _REFERENCE,
    st.lists(_REFERENCE, max_size=3).map(lambda items: ["set", items]),
    st.lists(st.tuples(_ATOMS, _ATOMS).map(list), max_size=3).map(lambda items: ["map", items]),
)
_CHANGES = st.lists(
    st.one_of(
        *(
            st.tuples(st.just(table), st.sampled_from(columns), _CELLS)
            for table, columns in COLUMNS.items()
        )
    ),
    max_size=12,
)

ROOT = {"ovs_version": "3.1.0", "bridges": ["uuid", "b"], "other_config": ["map", []]}
BRIDGE = {
    "name": "br0",
    "ports": ["set", [["uuid", "p"]]],
    "controller": ["uuid", "c"],
    "datapath_type": "netdev",
    "datapath_id": "0000aabb",
    "fail_mode": "secure",
    "stp_enable": False,
    "rstp_enable": True,
    "external_ids": ["map", [["owner", "plant"]]],
}
CONTROLLER = {
    "target": "tcp:10.0.0.9:6653",
    "is_connected": False,
    "role": ["set", []],
    "status": ["map", [["last_error", "Connection refused"], ["state", "BACKOFF"]]],
}
PORT = {
    "name": "bond0",
    "interfaces": ["set", [["uuid", "i"], ["uuid", "j"]]],
    "tag": 10,
    "trunks": ["set", [30, 20]],
    "vlan_mode": "native-tagged",
    "bond_mode": "active-backup",
    "lacp": "active",
    "external_ids": ["map", []],
}
FIRST = {
    "name": "eth1",
    "type": "",
    "admin_state": "up",
    "link_state": "down",
    "mac_in_use": "52:54:00:00:00:01",
    "ofport": 7,
    "link_speed": 10_000_000_000,
    "error": ["set", []],
    "statistics": ["map", [["rx_bytes", 5], ["tx_bytes", 6]]],
    "options": ["map", [["n_rxq", "2"]]],
    "external_ids": ["map", [["iface-id", "vm1"]]],
}
SECOND = {"name": "eth2", "ofport": -1, "error": "could not open network device eth2"}


def _initial(**rows: object) -> dict[str, object]:
    return {
        "Open_vSwitch": {"r": {"new": ROOT}},
        "Bridge": {"b": {"new": BRIDGE}},
        "Controller": {"c": {"new": CONTROLLER}},
        "Port": {"p": {"new": PORT}},
        "Interface": {"i": {"new": FIRST}, "j": {"new": SECOND}},
    } | rows


@pytest.fixture
def database() -> Database:
    filled = Database()
    filled.apply(_initial())
    return filled


def _changed(database: Database, table: str, uuid: str, **columns: object) -> bool:
    old = database.rows[table][uuid]
    change = {"new": {**old, **columns}, "old": {name: old.get(name) for name in columns}}
    return database.apply({table: {uuid: change}})


def test_rows_become_bridges_and_ports(database):
    bridge, port = Ref("bridge", "b", "ovs"), Ref("port", "p", "ovs")

    assert database.model() == OpenVSwitch(
        bridges=(
            Bridge(
                ref=bridge,
                name="br0",
                kind="ovs",
                datapath_type="netdev",
                datapath_id="0000aabb",
                controllers=(Controller("tcp:10.0.0.9:6653", False, "", "Connection refused"),),
                fail_mode="secure",
                stp=False,
                rstp=True,
                external_ids=(("owner", "plant"),),
            ),
        ),
        ports=(
            Port(
                ref=port,
                name="bond0",
                bridge=bridge,
                interfaces=(
                    Interface(
                        name="eth1",
                        admin_state="up",
                        link_state="down",
                        mac="52:54:00:00:00:01",
                        ofport=7,
                        speed=10_000_000_000,
                        statistics=(("rx_bytes", 5), ("tx_bytes", 6)),
                        options=(("n_rxq", "2"),),
                        external_ids=(("iface-id", "vm1"),),
                    ),
                    Interface(name="eth2", ofport=-1, error="could not open network device eth2"),
                ),
                tag=10,
                trunks=(20, 30),
                vlan_mode="native-tagged",
                bond_mode="active-backup",
                lacp="active",
            ),
        ),
        version="3.1.0",
    )


def test_an_unchanged_database_gives_the_very_same_model(database):
    assert database.model() is database.model()


def test_a_change_of_counters_shows_and_is_told_as_a_refresh(database):
    database.model()

    refreshed = _changed(database, "Interface", "i", statistics=["map", [["rx_bytes", 9]]])

    assert refreshed
    assert database.model().ports[0].interfaces[0].statistics == (("rx_bytes", 9),)


def test_the_first_counters_of_a_new_interface_are_no_refresh(database):
    _changed(database, "Interface", "i", statistics=["map", []])

    assert not _changed(database, "Interface", "i", statistics=["map", [["rx_bytes", 0]]])


def test_a_change_of_state_together_with_counters_shows(database):
    database.model()

    _changed(database, "Interface", "i", link_state="up", statistics=["map", []])

    assert database.model().ports[0].interfaces[0].link_state == "up"


def test_a_change_of_a_port_shows(database):
    database.model()

    _changed(database, "Port", "p", tag=["set", []])

    assert database.model().ports[0].tag is None


def test_a_deleted_row_is_gone_even_while_something_still_refers_to_it(database):
    database.model()

    database.apply({"Port": {"p": {"old": PORT}}})

    assert database.model().ports == ()


def test_an_empty_datapath_type_is_the_kernels(database):
    _changed(database, "Bridge", "b", datapath_type="")

    assert database.model().bridges[0].datapath_type == "system"


def test_columns_the_server_does_not_know_are_empty():
    database = Database()
    database.apply(_initial(Interface={"i": {"new": {"name": "eth1"}}}))

    assert database.model().ports[0].interfaces == (Interface(name="eth1"),)


def test_strangers_texts_are_cut_to_size(database):
    hostile = [[f"{number:04}" + "k" * 5000, "v" * 10_000] for number in range(500)]

    _changed(database, "Bridge", "b", external_ids=["map", hostile])

    found = database.model().bridges[0].external_ids
    assert len(found) == ENTRIES
    assert {len(text) for pair in found for text in pair} == {TEXT}


def test_of_too_many_counters_those_of_every_device_are_kept(database):
    many = [[f"aaa_{number}", number] for number in range(2000)]

    _changed(database, "Interface", "i", statistics=["map", [*many, ["tx_bytes", 42]]])

    assert database.model().ports[0].counters() == {"tx": 42}


@pytest.mark.parametrize(
    ("other_config", "seconds"),
    [
        ([], 5.0),
        ([["stats-update-interval", "20000"]], 20.0),
        ([["stats-update-interval", "10"]], 5.0),
        ([["stats-update-interval", "soon"]], 5.0),
    ],
)
def test_the_counters_pace_is_configured_in_milliseconds(database, other_config, seconds):
    _changed(database, "Open_vSwitch", "r", other_config=["map", other_config])

    assert database.interval() == seconds


@pytest.mark.parametrize(
    ("table", "uuid", "column", "value"),
    [
        ("Bridge", "b", "name", 5),
        ("Bridge", "b", "stp_enable", "yes"),
        ("Bridge", "b", "ports", "p"),
        ("Bridge", "b", "external_ids", ["set", []]),
        ("Port", "p", "tag", ["set", [1, 2]]),
        ("Port", "p", "tag", True),
        ("Interface", "i", "statistics", ["map", [["rx_bytes", "5"]]]),
        ("Interface", "i", "statistics", ["map", [["rx_bytes"]]]),
        ("Interface", "i", "statistics", ["map", ["ab"]]),
    ],
)
def test_a_value_of_a_wrong_type_is_an_error_not_a_default(database, table, uuid, column, value):
    _changed(database, table, uuid, **{column: value})

    with pytest.raises(ValueError, match=column):
        database.model()


@pytest.mark.parametrize(
    "updates",
    [None, [], {"Bridge": []}, {"Bridge": {"b": 1}}, {"Bridge": {"b": {"new": 1}}}, {"Queue": {}}],
)
def test_updates_of_a_wrong_shape_are_an_error(updates):
    with pytest.raises(ValueError, match=r"object|asked for"):
        Database().apply(updates)


@given(_CHANGES)
def test_any_rows_become_a_model_or_a_value_error(changes):
    database = Database()
    database.apply(_initial())
    for table, column, value in changes:
        try:
            _changed(database, table, _UUIDS[table], **{column: value})
            assert isinstance(database.model(), OpenVSwitch)
            assert database.interval() >= 5
        except ValueError:
            continue


@given(_JSON)
def test_any_update_is_taken_over_or_a_value_error(updates):
    try:
        Database().apply(updates)
    except ValueError:
        return
