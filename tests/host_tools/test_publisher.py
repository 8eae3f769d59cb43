"""`qingxi publisher`: keys and signatures as files, and what `qingxi update --broker` wants of them."""

import json
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from host_tools import main
from host_tools.device import update_mqtt
from host_tools.image import image_build, micropython_image, signing
from host_tools.unitkit import fsimage, pack, publisher, unitfile
from host_tools.unitkit.errors import BadInput
from host_tools.verbs import update as update_verb
from sim.board import standin
from tests import publishers
from tests.vm import ROOT

UNIT = ROOT / "boards/esp32/units/qiaotou.toml"
NO_BROKER = "127.0.0.1:1"


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """With a key A, its passphrase, a keyed unit that lists it, and one that lists nobody."""
    monkeypatch.chdir(tmp_path)
    text = UNIT.read_text(encoding="utf-8").replace('credentials_file = ""', 'credentials_file = "key.txt"')
    Path("key.txt").write_text("command_key = 0123456789abcdeffedcba9876543210\n")
    Path("nobody.toml").write_text(text, encoding="utf-8")
    Path("unit.toml").write_text(publishers.name_in(tmp_path, text, "A"), encoding="utf-8")
    Path("word.txt").write_text(publishers.PASSPHRASE + "\n")
    Path("A.pem").write_bytes(signing.pem(publishers.private("A"), publishers.PASSPHRASE))
    return tmp_path


def run(capsys, *words: object) -> tuple[int, str, str]:
    """(exit code, standard output, standard error)."""
    capsys.readouterr()
    code = main.main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def sign(capsys, *words: object, unit="unit.toml", key="A.pem") -> tuple[int, str, str]:
    given = ("--key", key, "--passphrase-file", "word.txt", "--unit", unit, *words)
    return run(capsys, "publisher", "sign", *given)


def update(capsys, *words: object, unit="unit.toml") -> tuple[int, str]:
    code, _, err = run(capsys, "update", "--broker", NO_BROKER, "--unit", unit, *words)
    return code, err


def test_a_new_key_opens_with_its_passphrase_alone_and_is_never_written_over(folder, capsys):
    given = ("publisher", "new", "keys/county.pem", "--passphrase-file", "word.txt", "--json")
    code, out, err = run(capsys, *given)
    assert code == 0
    told = json.loads(out)
    key, public = folder / "keys/county.pem", folder / "keys/county.pub"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    (only,) = publisher.keys(public)
    assert (only.name, only.fingerprint) == ("county", told["fingerprint"]) and told["fingerprint"] in err
    assert signing.load(key, publishers.PASSPHRASE).key_size == 3072
    assert signing.public(signing.load(key, publishers.PASSPHRASE)).modulus == only.modulus
    held = key.read_bytes(), public.read_bytes()
    for gone in (public, key):  # one of the two is enough
        code, _, err = run(capsys, *given)
        assert code == 2 and "exists already" in err
        assert key.read_bytes() == held[0]
        if gone == public:
            public.unlink()
    os.remove(key)
    os.symlink("elsewhere", key)
    code, _, err = run(capsys, *given)
    assert code == 2 and "exists already" in err and not (folder / "keys/elsewhere").exists()


@pytest.mark.parametrize("word", ["", "short", "11 letters."])
def test_a_short_passphrase_makes_no_key(folder, capsys, word):
    (folder / "word.txt").write_text(word + "\nsecond line, which is not looked at\n")
    code, _, err = run(capsys, "publisher", "new", "new.pem", "--passphrase-file", "word.txt")
    assert code == 2 and "at least 12" in err and not Path("new.pem").exists()


def test_a_passphrase_is_asked_for_twice_where_somebody_sits(folder, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    asked = []
    answers = iter([publishers.PASSPHRASE, "another one, long", publishers.PASSPHRASE, publishers.PASSPHRASE])
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or next(answers))
    assert run(capsys, "publisher", "new", "new.pem")[0] == 2
    assert run(capsys, "--lang", "zh", "publisher", "new", "new.pem")[0] == 0
    assert asked == ["passphrase of new.pem: ", "once more: ", "new.pem 的口令：", "再输入一次："]
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    code, _, err = run(capsys, "publisher", "sign", "--key", "A.pem", "--unit", "unit.toml")
    assert code == 2 and "--passphrase-file" in err


def pem(key, *, locked: bool = True) -> bytes:
    algorithm = serialization.BestAvailableEncryption(publishers.PASSPHRASE.encode())
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(*form, algorithm if locked else serialization.NoEncryption())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "does not open"),
        (b"nonsense \xff\n", "does not open"),
        (pem(publishers.private("A"), locked=False), "not encrypted"),
        (signing.pem(publishers.private("A"), "another passphrase"), "does not open"),
        (signing.pem(publishers.private("A"), publishers.PASSPHRASE)[:900], "does not open"),
        (pem(rsa.generate_private_key(65537, 2048)), "RSA key of 3072 bits"),
        (pem(rsa.generate_private_key(3, 3072)), "exponent 65537"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "RSA key of 3072 bits"),
    ],
)
def test_what_is_no_such_key_signs_nothing(folder, capsys, content, said):
    Path("A.pem").write_bytes(content)
    code, _, err = sign(capsys)
    assert code == 2 and err.startswith("A.pem: ") and said in err and len(err.splitlines()) == 1
    assert not Path("signatures.txt").exists()


def test_it_signs_the_pack_that_update_brings_and_a_later_signature_takes_its_place(folder, capsys):
    code, out, _ = sign(capsys, "--json")
    assert code == 0
    unit = unitfile.load("unit.toml")
    data = fsimage.firmware_pack(unit)
    sha256 = pack.head(data, "pack").sha256
    assert json.loads(out)["signed"] == [sha256]
    (one,) = publisher.signatures(Path("signatures.txt")).values()
    assert (one.sha256, one.version) == (sha256, "0.1.0")
    assert signing.signer([publishers.public("A")], sha256, one.signature) == publishers.public("A")
    assert signing.signer([publishers.public("B")], sha256, one.signature) is None
    # Another list is another firmware; its line joins the first.
    publishers.name_in(folder, "", "A", "B")
    assert sign(capsys)[0] == 0 and len(publisher.signatures(Path("signatures.txt"))) == 2
    Path("B.pem").write_bytes(signing.pem(publishers.private("B"), publishers.PASSPHRASE))
    assert sign(capsys, key="B.pem")[0] == 0
    whose = [
        signing.signer([publishers.public("A"), publishers.public("B")], each.sha256, each.signature).name
        for each in publisher.signatures(Path("signatures.txt")).values()
    ]
    assert whose == ["A", "B"]


def test_every_place_that_builds_a_pack_builds_the_same(folder):
    unit = unitfile.load("unit.toml")
    data = fsimage.firmware_pack(unit)
    assert publishers.listed("A") in data
    assert fsimage.firmware_files(unit)[fsimage.PACK] == data
    assert image_build.build(unit, standin_image(folder)).firmware_sha256 == pack.head(data, "pack").sha256
    (folder / "publisher.txt").write_bytes(b"# who may sign\r\n\r\n" + publishers.listed("A").replace(b"\n", b"\r\n"))
    assert fsimage.firmware_pack(unit) == data  # a comment is no other firmware
    assert fsimage.firmware_pack(unitfile.load("nobody.toml")) != data


def standin_image(folder: Path):
    (folder / "micropython.bin").write_bytes(standin.micropython())
    return micropython_image.read(folder / "micropython.bin")


def test_a_key_signs_only_what_it_can_sign_again(folder, capsys):
    code, _, err = sign(capsys, unit="nobody.toml")
    assert code == 2 and err.startswith("nobody.toml: ") and "update.publisher_file" in err
    publishers.name_in(folder, "", "B", "C")
    code, _, err = sign(capsys)
    fingerprint = publishers.public("A").fingerprint
    assert code == 2 and fingerprint in err and "publisher.txt" in err and not Path("signatures.txt").exists()


def test_all_that_is_wrong_is_told_at_once(folder, capsys):
    Path("signatures.txt").write_text("nonsense\n")
    given = ("--unit", "nobody.toml", "--unit", "none.toml")
    code, _, err = sign(capsys, *given)
    assert code == 2 and [line.partition(":")[0] for line in err.splitlines()] == [
        "none.toml", "nobody.toml", "signatures.txt",
    ]  # fmt: skip


LINE = publishers.listed("A").decode()
MODULUS = LINE.split()[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds 0 keys"),
        ("# A\n", "holds 0 keys"),
        (publishers.listed(*"ABCDE").decode(), "holds 5 keys"),
        (LINE + LINE, "line 2: this key stands above"),
        (LINE + LINE.replace("A ", "B "), "line 2: this key stands above"),
        (LINE + "\n# x\nnonsense\n", "line 4: must be a name"),
        (LINE[:-2] + "\n", "line 1: must be a name"),
        (LINE[:-1] + "0\n", "line 1: must be a name"),
        (MODULUS + "\n", "line 1: must be a name"),
        (LINE.replace("A ", "A B "), "line 1: must be a name"),
        (LINE.replace("A ", "\x1b[31m "), "line 1: must be a name"),
        (LINE.replace("A ", "a" * 33 + " "), "line 1: must be a name"),
        (LINE[:-2] + "g\n", "line 1: must be a name"),
        (LINE[:-2] + "4\n", "line 1: is no RSA key"),
        ("A 0" + MODULUS[1:] + "\n", "line 1: is no RSA key"),
    ],
)
def test_a_list_that_is_none_is_a_sentence_with_its_line(folder, capsys, text, said):
    Path("publisher.txt").write_text(text, encoding="utf-8")
    for words in (("publisher", "show", "publisher.txt"), ("update", "--broker", NO_BROKER, "--unit", "unit.toml")):
        code, _, err = run(capsys, *words)
        assert code == 2 and len(err.splitlines()) == 1, err
        assert "publisher.txt: " + said in err and "\x1b" not in err
    with pytest.raises(BadInput, match=r"publisher\.txt: "):
        fsimage.firmware_files(unitfile.load("unit.toml"))


def test_show_prints_name_and_fingerprint(folder, capsys):
    publishers.name_in(folder, "", "A", "B")
    both = [(key.name, key.fingerprint) for key in map(publishers.public, "AB")]
    assert run(capsys, "publisher", "show", "publisher.txt")[1] == "".join(f"{f}  {name}\n" for name, f in both)
    told = json.loads(run(capsys, "publisher", "show", "publisher.txt", "--json")[1])
    assert [(one["name"], one["fingerprint"]) for one in told] == both


def test_update_wants_a_signature_that_the_unit_would_take_before_anything_is_sent(folder, capsys, monkeypatch):
    monkeypatch.setattr(update_verb, "Remote", None)  # it does not come so far
    code, err = update(capsys, unit="nobody.toml")
    assert code == 2 and "update.publisher_file" in err
    code, err = update(capsys)
    assert code == 2 and "qingxi publisher sign --key KEY.pem --unit unit.toml --out signatures.txt" in err
    code, err = update(capsys, "--signatures", "others.txt")
    assert code == 2 and "others.txt: cannot be read" in err
    assert sign(capsys)[0] == 0
    good = Path("signatures.txt").read_text()
    sha256, version, _ = good.split()
    stranger = publishers.sign_text(sha256, "B")
    Path("signatures.txt").write_text(f"{sha256} {version} {stranger}\n")
    code, err = update(capsys)
    assert code == 2 and "is of no key in publisher.txt" in err and len(err.splitlines()) == 1
    other = publishers.sign_text("00" * 32)
    Path("signatures.txt").write_text(f"{'00' * 32} {version} {other}\n")
    assert "holds no signature of this firmware" in update(capsys)[1]
    for line in ("x", f"{sha256} {version} AAAA", f"{sha256} {stranger}", f"{sha256[1:]} 1 {stranger}"):
        Path("signatures.txt").write_text(f"# signed\n{line}\n")
        code, err = update(capsys)
        assert code == 2 and "signatures.txt: line 2: must be" in err
    monkeypatch.undo()
    os.chdir(folder)
    Path("signatures.txt").write_text(good)
    assert update(capsys)[0] == 3  # now it reaches for its broker


def test_the_signature_travels_with_the_command_that_switches_and_has_room(monkeypatch):
    asked = []

    class Remote:
        unit_id, traffic_bytes, meta = "x" * 32, 0, {"firmware_sha256": "", "boot": 1}
        is_proven, proven_boot = True, 1

        def at(self, args):
            return len(data)

        def ask(self, args):
            asked.append(args)
            self.meta = {"firmware_sha256": sha256, "boot": 2}

        def await_start(self, boot, limit_s):
            return True

        def prove(self):
            pass

        def bring(self, sha256, data, at):
            return iter(())

        def bytes_per_h(self, otherwise):
            return 0

    data = pack.pack({"unit/a.txt": b"a\n"}, "1")
    signature = publishers.sign(data)
    sha256 = pack.head(data, "it").sha256
    update_mqtt.send(Remote(), data, "en", signature=signature)  # type: ignore[arg-type]
    assert asked[-1] == {"sha256": sha256, "switch": True, "signature": publishers.sign_text(sha256)}
    body = {"id": "f" * 16, "boot": 1 << 29, "nonce": "f" * 16, "op": "update", "args": asked[-1], "ctr": 1 << 61}
    body |= {"expires": 1 << 33, "sig": "f" * 64}
    assert len(json.dumps(body, separators=(",", ":"))) <= 1024
