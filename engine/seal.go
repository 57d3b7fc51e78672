package engine

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/scrip-engine/scrip/shard"
	"github.com/scrip-engine/scrip/wire"
)

// A customer's profile is sealed before it enters a command: the log, the
// journal and events hold bytes that nobody can read once the key is destroyed.
// Sealed is AES-256-GCM with a key of the customer's own, drawn at birth: 12
// bytes of nonce, then the ciphertext of
//
//	uvarint length of the source id | source id | canonical profile
//
// A new nonce is drawn for each version of the profile.

var errSealed = errors.New("a sealed profile does not open")

func seal(key *[shard.DataKeyBytes]byte, c *wire.Customer) ([]byte, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	plain := binary.AppendUvarint(nil, uint64(len(c.SourceID)))
	plain = append(plain, c.SourceID...)
	plain = c.AppendProfile(plain)
	sealed := make([]byte, gcm.NonceSize(), gcm.NonceSize()+len(plain)+gcm.Overhead())
	if _, err := rand.Read(sealed); err != nil {
		return nil, err
	}
	return gcm.Seal(sealed, sealed, plain, nil), nil
}

// unseal opens what seal made. c's strings belong to c.
func unseal(v *shard.CustomerView, c *wire.Customer) error {
	gcm, err := newGCM(&v.DataKey)
	if err != nil {
		return err
	}
	if len(v.Sealed) < gcm.NonceSize() {
		return errSealed
	}
	plain, err := gcm.Open(nil, v.Sealed[:gcm.NonceSize()], v.Sealed[gcm.NonceSize():], nil)
	if err != nil {
		return errSealed
	}
	n, k := binary.Uvarint(plain)
	if k <= 0 || n > uint64(len(plain)-k) {
		return errSealed
	}
	*c = wire.Customer{SourceID: string(plain[k : k+int(n)])}
	if err := c.DecodeProfile(plain[k+int(n):]); err != nil {
		return fmt.Errorf("%w: %w", errSealed, err)
	}
	return nil
}

func newGCM(key *[shard.DataKeyBytes]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
