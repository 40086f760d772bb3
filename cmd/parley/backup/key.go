package backup

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// Parameters of Argon2: one guess of a passphrase costs 64 MiB and some tenths of a second.
const (
	kdfName      = "argon2id"
	kdfTime      = 3
	kdfMemoryKiB = 64 << 10
	kdfThreads   = 4
)

// Limits of the parameters in a file, which may come from anybody.
const (
	maxKDFTime      = 32
	minKDFMemoryKiB = 8 // the least that Argon2 works with
	maxKDFMemoryKiB = 1 << 20
)

// saltLength is the length that the authors of Argon2 recommend (RFC 9106).
const saltLength = 16

// ErrPassphrase means that a passphrase does not decrypt a backup's key: it is wrong, or the manifest was altered.
var ErrPassphrase = errors.New("backup: the passphrase is wrong, or the backup was altered")

// sealedKey is key.json.
type sealedKey struct {
	KDF       string `json:"kdf"`
	Time      uint32 `json:"time"`
	MemoryKiB uint32 `json:"memory_kib"`
	Threads   uint8  `json:"threads"`
	Salt      []byte `json:"salt"`
	Nonce     []byte `json:"nonce"`
	Box       []byte `json:"xchacha20poly1305"`
}

// boundData returns the data to which the encrypted key is bound.
func boundData(manifest []byte) []byte { return append([]byte("parley backup key\n"), manifest...) }

// sealKey encrypts the master key for a manifest.
func sealKey(key, passphrase string, manifest []byte) ([]byte, error) {
	k := sealedKey{KDF: kdfName, Time: kdfTime, MemoryKiB: kdfMemoryKiB, Threads: kdfThreads,
		Salt: make([]byte, saltLength), Nonce: make([]byte, chacha20poly1305.NonceSizeX)}
	_, _ = rand.Read(k.Salt) // never fails
	_, _ = rand.Read(k.Nonce)
	aead, err := chacha20poly1305.NewX(k.deriveKey(passphrase))
	if err != nil {
		return nil, fmt.Errorf("backup: key: %w", err)
	}

	k.Box = aead.Seal(nil, k.Nonce, []byte(key), boundData(manifest))
	body, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("backup: key: %w", err)
	}

	return append(body, '\n'), nil
}

// openKey decrypts what sealKey made.
// Errors: ErrPassphrase, ErrDamaged.
func openKey(body []byte, passphrase string, manifest []byte) (string, error) {
	var k sealedKey
	if err := json.Unmarshal(body, &k); err != nil {
		return "", fmt.Errorf("%w: %s can't be read: %w", ErrDamaged, keyEntry, err)
	}
	if !k.isKnownKind() {
		return "", fmt.Errorf("%w: %s is of an unknown kind", ErrDamaged, keyEntry)
	}

	aead, err := chacha20poly1305.NewX(k.deriveKey(passphrase))
	if err != nil {
		return "", fmt.Errorf("backup: key: %w", err)
	}

	plain, err := aead.Open(nil, k.Nonce, k.Box, boundData(manifest))
	if err != nil {
		return "", ErrPassphrase
	}

	return string(plain), nil
}

// isKnownKind reports whether the parameters are such as sealKey writes, within limits that this machine can afford.
func (k sealedKey) isKnownKind() bool {
	if k.KDF != kdfName || len(k.Nonce) != chacha20poly1305.NonceSizeX {
		return false
	}
	isTimeOK := k.Time >= 1 && k.Time <= maxKDFTime
	isMemoryOK := k.MemoryKiB >= minKDFMemoryKiB && k.MemoryKiB <= maxKDFMemoryKiB
	return isTimeOK && isMemoryOK && k.Threads >= 1
}

// deriveKey makes of a passphrase the key that encrypts the master key.
func (k sealedKey) deriveKey(passphrase string) []byte {
	return argon2.IDKey([]byte(passphrase), k.Salt, k.Time, k.MemoryKiB, k.Threads, chacha20poly1305.KeySize)
}
