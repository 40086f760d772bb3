package operate

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// This file encrypts the master key of an installation, so that it can be part of a backup. A key is derived
// from the operator's passphrase with Argon2id, and encrypts the master key with XChaCha20-Poly1305. The
// backup's manifest is authenticated along with it, as associated data: whoever alters the manifest makes the
// key undecryptable.

// Parameters of Argon2 for new backups: one guess of a passphrase costs 64 MiB and some tenths of a second.
const (
	kdfName      = "argon2id"
	kdfTime      = 3
	kdfMemoryKiB = 64 << 10
	kdfThreads   = 4
)

// Limits for parameters that are read from a file. The file is not trusted: it could ask for more memory than there is.
const (
	maxKDFTime      = 32
	minKDFMemoryKiB = 8 // minimum of Argon2
	maxKDFMemoryKiB = 1 << 20
)

// saltLength is in bytes, as recommended by RFC 9106.
const saltLength = 16

// ErrPassphrase means that the key of a backup could not be decrypted: the passphrase is wrong, or the manifest
// was altered.
var ErrPassphrase = errors.New("backup: the passphrase is wrong, or the backup was altered")

// sealedKey is the content of key.json: the encrypted master key, with the parameters needed to decrypt it.
type sealedKey struct {
	KDF       string `json:"kdf"`
	Time      uint32 `json:"time"`
	MemoryKiB uint32 `json:"memory_kib"`
	Threads   uint8  `json:"threads"`
	Salt      []byte `json:"salt"`
	Nonce     []byte `json:"nonce"`
	Box       []byte `json:"xchacha20poly1305"` // the encrypted master key
}

// associatedData returns what is authenticated along with the encrypted key.
func associatedData(manifest []byte) []byte {
	return append([]byte("parley backup key\n"), manifest...)
}

// sealKey encrypts the master key with a passphrase and binds it to a manifest. It returns the content of
// key.json.
func sealKey(key, passphrase string, manifest []byte) ([]byte, error) {
	k := sealedKey{KDF: kdfName, Time: kdfTime, MemoryKiB: kdfMemoryKiB, Threads: kdfThreads,
		Salt: make([]byte, saltLength), Nonce: make([]byte, chacha20poly1305.NonceSizeX)}
	_, _ = rand.Read(k.Salt) // never fails
	_, _ = rand.Read(k.Nonce)
	aead, err := chacha20poly1305.NewX(k.deriveKey(passphrase))
	if err != nil {
		return nil, fmt.Errorf("backup: key: %w", err)
	}

	k.Box = aead.Seal(nil, k.Nonce, []byte(key), associatedData(manifest))
	body, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("backup: key: %w", err)
	}

	return append(body, '\n'), nil
}

// openKey decrypts body, the content of key.json.
//
// Errors: ErrPassphrase, ErrDamaged.
func openKey(body []byte, passphrase string, manifest []byte) (string, error) {
	var k sealedKey
	if err := json.Unmarshal(body, &k); err != nil {
		return "", fmt.Errorf("%w: %s can't be read: %w", ErrDamaged, keyEntry, err)
	}
	if !k.isSupported() {
		return "", fmt.Errorf("%w: %s is of an unknown kind", ErrDamaged, keyEntry)
	}

	aead, err := chacha20poly1305.NewX(k.deriveKey(passphrase))
	if err != nil {
		return "", fmt.Errorf("backup: key: %w", err)
	}

	plain, err := aead.Open(nil, k.Nonce, k.Box, associatedData(manifest))
	if err != nil {
		return "", ErrPassphrase
	}

	return string(plain), nil
}

// isSupported reports whether this program knows the algorithm, and whether the parameters are within the
// limits.
func (k sealedKey) isSupported() bool {
	if k.KDF != kdfName || len(k.Nonce) != chacha20poly1305.NonceSizeX {
		return false
	}
	isTimeOK := k.Time >= 1 && k.Time <= maxKDFTime
	isMemoryOK := k.MemoryKiB >= minKDFMemoryKiB && k.MemoryKiB <= maxKDFMemoryKiB
	return isTimeOK && isMemoryOK && k.Threads >= 1
}

// deriveKey derives from a passphrase the key that encrypts the master key.
func (k sealedKey) deriveKey(passphrase string) []byte {
	return argon2.IDKey([]byte(passphrase), k.Salt, k.Time, k.MemoryKiB, k.Threads, chacha20poly1305.KeySize)
}
