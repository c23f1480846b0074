"""What a vault stands on: looked at and laid before its own wall closes, since afterwards it could not.

The wall refuses memfd_secret, and what the host says of itself can be read no more.
"""

from __future__ import annotations

from dataclasses import dataclass

from echoless.confinement.host import HostFacts, read_host
from echoless.confinement.kernel import Kernel
from echoless.confinement.secret_memory import SecretMemory
from echoless.crossing.control import VaultConfig
from echoless.receipts.receipt import SigningKeyFacts
from echoless.vault.stores.key_safe import KeySafe, Sealer
from echoless.vault.stores.tpm import TpmSealer


@dataclass(frozen=True, slots=True)
class Ground:
    """The host as it was found, and where private keys will lie."""

    host: HostFacts
    safe: KeySafe

    @classmethod
    def lay(cls, config: VaultConfig) -> Ground:
        """Look at the host and make room for keys.

        raises: EcholessError(CONFIGURATION) where a TPM is named and cannot be used
        """
        sealer: Sealer | None = TpmSealer(config.signing_key_tpm) if config.signing_key_tpm else None
        return cls(read_host(), KeySafe(SecretMemory(Kernel()), sealer))

    def signing_key_facts(self) -> SigningKeyFacts:
        """Return what receipts say of the key that signs them."""
        return SigningKeyFacts(self.safe.memory_kind.value, self.safe.at_rest.value)
