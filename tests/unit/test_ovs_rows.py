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
_REFERENCE = st.sampled_from([*_UUIDS.values()])
_CELLS = st.one_of(
    _JSON,
    _REFERENCE,
    st.lists(_REFERENCE, max_size=3),
    st.dictionaries(_ATOMS, _ATOMS, max_size=3),
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

ROOT = {"ovs_version": ["3.1.0"], "bridges": ["b"], "other_config": {}}
BRIDGE = {
    "name": "br0",
    "ports": ["p"],
    "controller": ["c"],
    "datapath_type": "netdev",
    "datapath_id": ["0000aabb"],
    "fail_mode": ["secure"],
    "stp_enable": False,
    "rstp_enable": True,
    "external_ids": {"owner": "plant"},
}
CONTROLLER = {
    "target": "tcp:10.0.0.9:6653",
    "is_connected": False,
    "role": [],
    "status": {"last_error": "Connection refused", "state": "BACKOFF"},
}
PORT = {
    "name": "bond0",
    "interfaces": ["i", "j"],
    "tag": [10],
    "trunks": [30, 20],
    "vlan_mode": ["native-tagged"],
    "bond_mode": ["active-backup"],
    "lacp": ["active"],
    "external_ids": {},
}
FIRST = {
    "name": "eth1",
    "type": "",
    "admin_state": ["up"],
    "link_state": ["down"],
    "mac_in_use": ["52:54:00:00:00:01"],
    "ofport": [7],
    "link_speed": [10_000_000_000],
    "error": [],
    "statistics": {"rx_bytes": 5, "tx_bytes": 6},
    "options": {"n_rxq": "2"},
    "external_ids": {"iface-id": "vm1"},
}
SECOND = {"name": "eth2", "ofport": [-1], "error": ["could not open network device eth2"]}


@pytest.fixture
def database() -> Database:
    return _filled()


def _filled() -> Database:
    filled = Database()
    filled.put("Open_vSwitch", "r", ROOT)
    filled.put("Bridge", "b", BRIDGE)
    filled.put("Controller", "c", CONTROLLER)
    filled.put("Port", "p", PORT)
    filled.put("Interface", "i", FIRST)
    filled.put("Interface", "j", SECOND)
    return filled


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


def test_a_change_of_counters_shows(database):
    database.model()

    database.put("Interface", "i", {"statistics": {"rx_bytes": 9}})

    assert database.model().ports[0].interfaces[0].statistics == (("rx_bytes", 9),)


def test_a_change_of_state_together_with_counters_shows(database):
    database.model()

    database.put("Interface", "i", {"link_state": ["up"], "statistics": {}})

    assert database.model().ports[0].interfaces[0].link_state == "up"


def test_a_change_of_a_port_shows(database):
    database.model()

    database.put("Port", "p", {"tag": []})

    assert database.model().ports[0].tag is None


def test_columns_that_did_not_change_are_kept(database):
    database.put("Port", "p", {"tag": [11]})

    assert (database.model().ports[0].tag, database.model().ports[0].name) == (11, "bond0")


def test_a_deleted_row_is_gone_even_while_something_still_refers_to_it(database):
    database.model()

    database.drop("Port", "p")

    assert database.model().ports == ()


def test_an_empty_datapath_type_is_the_kernels(database):
    database.put("Bridge", "b", {"datapath_type": ""})

    assert database.model().bridges[0].datapath_type == "system"


def test_columns_the_server_does_not_know_are_empty(database):
    database.drop("Interface", "i")
    database.drop("Interface", "j")
    database.put("Interface", "i", {"name": "eth1"})

    assert database.model().ports[0].interfaces == (Interface(name="eth1"),)


def test_strangers_texts_are_cut_to_size(database):
    hostile = {f"{number:04}" + "k" * 5000: "v" * 10_000 for number in range(500)}

    database.put("Bridge", "b", {"external_ids": hostile})

    found = database.model().bridges[0].external_ids
    assert len(found) == ENTRIES
    assert {len(text) for pair in found for text in pair} == {TEXT}


def test_of_too_many_counters_those_of_every_device_are_kept(database):
    many = {f"aaa_{number}": number for number in range(2000)}

    database.put("Interface", "i", {"statistics": {**many, "tx_bytes": 42}})

    assert database.model().ports[0].counters() == {"tx": 42}


@pytest.mark.parametrize(
    ("other_config", "seconds"),
    [
        ({}, 5.0),
        ({"stats-update-interval": "20000"}, 20.0),
        ({"stats-update-interval": "10"}, 5.0),
        ({"stats-update-interval": "soon"}, 5.0),
    ],
)
def test_the_counters_pace_is_configured_in_milliseconds(database, other_config, seconds):
    database.put("Open_vSwitch", "r", {"other_config": other_config})

    assert database.interval() == seconds


@pytest.mark.parametrize(
    ("table", "uuid", "column", "value"),
    [
        ("Bridge", "b", "name", 5),
        ("Bridge", "b", "stp_enable", "yes"),
        ("Bridge", "b", "ports", [5]),
        ("Bridge", "b", "external_ids", []),
        ("Port", "p", "tag", [1, 2]),
        ("Port", "p", "tag", True),
        ("Interface", "i", "statistics", {"rx_bytes": "5"}),
        ("Interface", "i", "statistics", {5: 5}),
        ("Interface", "i", "statistics", ["rx_bytes"]),
    ],
)
def test_a_value_of_a_wrong_type_is_an_error_not_a_default(database, table, uuid, column, value):
    database.put(table, uuid, {column: value})

    with pytest.raises(ValueError, match=column):
        database.model()


@given(_CHANGES)
def test_any_rows_become_a_model_or_a_value_error(changes):
    database = _filled()
    for table, column, value in changes:
        database.put(table, _UUIDS[table], {column: value})
        try:
            assert isinstance(database.model(), OpenVSwitch)
            assert database.interval() >= 5
        except ValueError:
            continue
