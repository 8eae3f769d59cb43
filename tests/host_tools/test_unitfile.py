"""The unit file: the example is good, and every kind of bad input gets its sentence, all at once."""

import re
from pathlib import Path

import pytest
from unit.catalogue import settings as catalogue

from host_tools.records import unitdocs
from host_tools.unitkit import boards, unitfile
from host_tools.unitkit.errors import BadInput

EXAMPLE = boards.BOARDS_DIR / "units" / "qiaotou.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")


def problems(text: str, lang: str = "en") -> list[str]:
    with pytest.raises(BadInput) as caught:
        unitfile.parse(text, "q.toml", lang)
    return caught.value.problems


def line_of(start: str, text: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.startswith(start))


def test_example_is_good_and_complete():
    unit = unitfile.load(EXAMPLE)
    assert unit.id == "qiaotou"
    assert set(unit.settings) == {row[0] for row in catalogue.entries()}
    assert unit.settings["lift.well_area_m2"] == 180
    assert unit.settings["aeration.day_from_tod"] == 360
    assert unit.settings["lift.alternate"] == 0
    assert unit.settings["unit.timezone"] == 480
    assert all(type(value) is int for value in unit.control_settings().values())


def test_board_gets_no_simulator_settings_and_no_names_of_secrets():
    text = TEXT.replace('credentials_file = ""', 'credentials_file = "secret.toml"').replace("= 8.0", "= 9.0")
    unit = unitfile.parse(text, Path("units") / "q.toml")
    assert unit.settings["plant.anoxic_m3"] == 90
    assert not [key for key in unit.board_settings() if key.startswith("plant.") or key.endswith("_file")]
    assert unit.files() == {"mqtt.credentials_file": Path("units") / "secret.toml"}
    assert unit.sha256 == unitfile.load(EXAMPLE).sha256


def test_one_file_one_hash():
    changed = unitfile.parse(TEXT.replace("start_level_mm = 600", "start_level_mm = 601"), "q.toml")
    assert changed.sha256 != unitfile.load(EXAMPLE).sha256
    commented = unitfile.parse("# a comment\n" + TEXT, "q.toml")
    assert commented.sha256 == unitfile.load(EXAMPLE).sha256


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("start_level_mm = 600", 'start_level_mm = "600"', r'lift\.start_level_mm = "600": must be a whole number'),
        ("start_level_mm = 600", "start_level_mm = 600.5", r"lift\.start_level_mm = 600\.5: must be a whole number"),
        ("start_level_mm = 600", "start_level_mm = true", r"lift\.start_level_mm = true: must be a whole number"),
        ("start_level_mm = 600", "start_level_mm = nan", r"lift\.start_level_mm = nan: must be a whole number"),
        ("start_level_mm = 600", "start_level_mm = [600]", r"lift\.start_level_mm = \[600\]: must be a whole number"),
        ("start_level_mm = 600", "start_level_mm = -5", r"lift\.start_level_mm = -5 mm: must be .* 60 to 20000 mm"),
        ("start_level_mm = 600", "start_level_mm = " + "9" * 50, r"lift\.start_level_mm = 9+\.\.\.: must be"),
        ("start_level_mm = 600", "start_level_m = 0.6", r"lift\.start_level_m: .* did you mean lift\.start_level_mm\?"),
        ("start_level_mm = 600", "start_level_mm = 900", r"lift\.start_level_mm = 900 mm: must be less than lift\.as"),
        ("start_level_mm = 600", "start_level_mm = 250", r"lift\.stop_level_mm = 250 mm: must be less than lift\.st"),
        ("well_area_m2 = 1.80", "well_area_m2 = 1.855", r"lift\.well_area_m2 = 1\.855: .* at most 2 decimals"),
        ("well_area_m2 = 1.80", "well_area_m2 = 0.05", r"lift\.well_area_m2 = 0\.05 m2: .* from 0\.10 to 200 m2"),
        ('"06:00"', '"6:00"', r'aeration\.day_from_tod = "6:00": must be a time from 00:00 to 23:59, written "HH:MM"'),
        ('"06:00"', '"06:60"', r'aeration\.day_from_tod = "06:60": must be a time'),
        ('"06:00"', '"24:00"', r"aeration\.day_from_tod = 24:00: must be a time"),
        ('"06:00"', '"22:00"', r"aeration\.day_from_tod = 22:00: must be other than aeration\.day_to_tod = 22:00"),
        ('"+08:00"', '"8"', r'unit\.timezone = "8": must be an offset'),
        ('"+08:00"', '"+15:00"', r"unit\.timezone = \+15:00: must be an offset from -12:00 to \+14:00"),
        ('"starts"', '"often"', r'lift\.alternate = "often": must be one of starts, hours, fixed'),
        ('"starts"', "0", r"lift\.alternate = 0: must be one of starts, hours, fixed"),
        ("tls = true", "tls = 1", r"mqtt\.tls = 1: must be true or false"),
        ('id = "qiaotou"', 'id = "Qiao Tou"', r'unit\.id = "Qiao Tou": must be 1\.\.32 lower-case letters'),
        ('id = "qiaotou"', 'id = ""', r'unit\.id = "": must be 1\.\.32 lower-case letters'),
        ('id = "qiaotou"', "", r"unit\.id \(unit id\) is missing"),
        ('"esp32-devkitc"', '"uno"', r'unit\.board = "uno": must be a board: esp32-devkitc, esp32-relay-x8, esp32s3'),
        ('p2 = "relay2"', 'p2 = "relay1"', r'wiring\.p2 = "relay1": GPIO25 is taken by wiring\.p1'),
        ('p2 = "relay2"', 'p2 = "in5"', r'wiring\.p2 = "in5": must be a terminal of the board: relay1, relay2'),
        ('float_high = "in1"', "", r'wiring\.float_high = "": must be other than "" \(a float that is fitted needs'),
        ('level = "ai1"', 'level = "rs485"', r'level\.signal: does not fit wiring\.level = "rs485"'),
        ("low_mm = 0 ", 'probe = "sen0710" ', r'level\.probe = "sen0710": must be a kind of probe: hydrostatic-cm'),
        ("[plant]", "[plants]", r"plants\.anoxic_m3: there is no such setting; did you mean plant\.anoxic_m3\?"),
        ("min_off_s = 30", "min_off_s = 600", r"lift\.min_off_s \* lift\.max_starts_per_h = 7200: must be at most"),
    ],
)
def test_bad_input_names_key_value_and_what_is_allowed(old, new, sentence):
    assert old in TEXT
    found = problems(TEXT.replace(old, new, 1))
    assert any(re.match(r"q\.toml(:\d+)?: " + sentence, problem) for problem in found), found


def test_every_problem_at_once_in_the_order_of_the_file():
    text = TEXT.replace("interval_s = 60", "interval_s = 0").replace("limit_ntu", "limit").replace("= 370", "= 3")
    found = problems(text)
    assert [re.match(r"q\.toml:(\d+): ([\w.]+)", p).groups() for p in found] == [
        (str(line_of("interval_s", text)), "readings.interval_s"),
        (str(line_of("limit ", text)), "turbidity.limit"),
        (str(line_of("power_w", text)), "return.power_w"),
    ]


def test_refused_pins_name_the_pin_and_the_reason():
    text = TEXT.replace("esp32-devkitc", "esp32-relay-x8").replace('return = "relay4"', 'return = "relay7"')
    assert any("GPIO12 must not be used: as a strapping pin" in p for p in problems(text))
    assert any("GPIO12 是启动配置引脚" in p for p in problems(text, "zh"))


def test_rs485_is_a_bus_that_sensors_share():
    text = TEXT.replace('"ai1"', '"rs485"').replace('"ai2"', '"rs485"').replace('"current"', '"direct"')
    text = text.replace("[turbidity]", '[turbidity]\nprobe = "y511"')
    assert unitfile.parse(text, "q.toml").settings["wiring.turbidity"] == "rs485"


@pytest.mark.parametrize(
    "text", ["[unit", "a = ", "[unit]\nid = 1\nid = 2", "\x00", "a = " + "9" * 5000, "a = " + "[" * 9999]
)
def test_no_toml(text):
    (problem,) = problems(text)
    assert problem.startswith("q.toml")
    assert "not a TOML file" in problem


@pytest.mark.parametrize("path", ["missing.toml", "."])
def test_no_file(path, tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        unitfile.load(tmp_path / path)


def test_not_utf8(tmp_path):
    (tmp_path / "u.toml").write_bytes(b"\xff\xfe[unit]")
    with pytest.raises(BadInput, match="UTF-8"):
        unitfile.load(tmp_path / "u.toml")


def test_a_broker_wants_the_files_without_which_it_is_never_reached():
    """Wi-Fi its networks, TLS its authority; other networks and plain TCP want neither."""
    assert "tls = true" in TEXT
    text = TEXT.replace('broker = ""', 'broker = "10.0.0.1"').replace("esp32-devkitc", "olimex-esp32-poe-wrover")
    line = line_of("ca_file", text)
    assert problems(text) == [
        f'q.toml:{line}: mqtt.ca_file = "": must name a file with the CA certificate, for mqtt.broker is set and '
        "mqtt.tls = true",
        'q.toml: network.wifi_file = "": must name a file with Wi-Fi names and passwords, best first, for '
        "mqtt.broker is set and network.kind = wifi",
    ]
    text = text.replace("tls = true", "tls = false") + '\n[network]\nwifi_file = "wifi.txt"\n'
    assert unitfile.parse(text, "u.toml").settings["mqtt.broker"] == "10.0.0.1"


NO_PSRAM = [name for name in boards.names() if boards.load(name).psram_mb == 0]


@pytest.mark.parametrize("name", boards.names())
def test_tls_is_refused_where_the_board_has_no_psram(name):
    text = unitfile_of(name, 'broker = "10.0.0.1"', "tls = true")
    if name not in NO_PSRAM:
        assert unitfile.parse(text, "q.toml").settings["mqtt.tls"] == 1
        return
    for lang, words in (
        (
            "en",
            ("has no PSRAM", "Take a board with PSRAM (esp32s3-eth-8di-8ro, olimex-esp32-poe-wrover)", "command_key"),
        ),
        ("zh", ("没有 PSRAM", "改用有 PSRAM 的控制板（esp32s3-eth-8di-8ro, olimex-esp32-poe-wrover）", "command_key")),
    ):
        with pytest.raises(BadInput) as caught:
            unitfile.parse(text, "q.toml", lang)
        [sentence] = caught.value.problems
        line = line_of("tls", text)
        assert sentence.startswith(f"q.toml:{line}: mqtt.tls = true") and all(word in sentence for word in words)


@pytest.mark.parametrize(("broker", "tls"), [('broker = ""', "tls = true"), ('broker = "10.0.0.1"', "tls = false")])
def test_what_the_memory_without_psram_allows_is_taken(broker, tls):
    for name in NO_PSRAM:
        unitfile.parse(unitfile_of(name, broker, tls), "q.toml")


def test_a_board_without_memory_for_tls_is_not_asked_for_its_certificate():
    """Wi-Fi is: one mistake does not hide another that stays."""
    text = TEXT.replace('broker = ""', 'broker = "10.0.0.1"')
    found = "\n".join(problems(text))
    assert "mqtt.tls = true" in found and "network.wifi_file" in found and "mqtt.ca_file" not in found


def unitfile_of(board, broker, tls):
    """A new unit file for a board, over Wi-Fi, with all the files that it names."""
    text = unitdocs.new_file(boards.load(board), "q")
    for before, after in (
        ('broker = ""', broker),
        ("tls = false", tls),
        ('ca_file = ""', 'ca_file = "ca.pem"'),
        ('wifi_file = ""', 'wifi_file = "wifi.txt"'),
    ):
        assert before in text
        text = text.replace(before, after, 1)
    return text
