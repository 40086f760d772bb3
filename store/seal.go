package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// Passwords and tokens are encrypted before they are stored in the database. The master keys come from the environment
// (PARLEY_MASTER_KEY) or a file (master.key) and are never in the database. There may be several, so that a key can be
// rotated: the first one encrypts, and all of them can decrypt.

// Sealer encrypts (seals) and decrypts (opens) secrets with AES-256-GCM. Each secret is bound to its place, such as
// "accounts/support-mail", as additional data: a sealed secret that was copied to another row can't be opened there. A Sealer
// is safe for concurrent use.
type Sealer struct {
	aeads []cipher.AEAD // one per master key
	macs  [][]byte      // the keys of Hashes, one per master key
}

// ErrWrongKey means that a sealed value can't be opened with any of the master keys.
var ErrWrongKey = errors.New("store: the master key does not fit")

// keyBytes is the length of a key of AES-256.
const keyBytes = 32

// NewSealer returns a Sealer for the master keys in keys: base64 of 32 bytes each, separated by commas.
func NewSealer(keys string) (*Sealer, error) {
	var s Sealer
	for i, k := range strings.Split(keys, ",") {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(k))
		if err != nil || len(raw) != keyBytes {
			return nil, fmt.Errorf("store: master key %d: want base64 of 32 bytes (openssl rand -base64 32)", i+1)
		}

		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, fmt.Errorf("store: master key: %w", err)
		}

		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("store: master key: %w", err)
		}

		s.aeads = append(s.aeads, aead)
		s.macs = append(s.macs, computeMAC(raw, "hashes"))
	}

	return &s, nil
}

// NewMasterKey returns a new random master key in the format of NewSealer.
func NewMasterKey() string {
	raw := make([]byte, keyBytes)
	_, _ = rand.Read(raw) // never fails
	return base64.StdEncoding.EncodeToString(raw)
}

// Seal encrypts a secret with the first master key and binds it to place.
func (s *Sealer) Seal(place string, secret []byte) []byte {
	return s.aeads[0].Seal(nil, nil, secret, []byte(place))
}

// Open decrypts a value that Seal returned for the same place.
// Errors: ErrWrongKey, also if the value was sealed for another place.
func (s *Sealer) Open(place string, sealed []byte) ([]byte, error) {
	for _, aead := range s.aeads {
		if plain, err := aead.Open(nil, nil, sealed, []byte(place)); err == nil {
			return plain, nil
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrWrongKey, place)
}

const (
	getKeys   = `SELECT sealed FROM keys WHERE purpose = $1 ORDER BY id DESC`
	insertKey = `INSERT INTO keys (purpose, sealed) VALUES ($1, $2)`
	lockKeys  = `LOCK TABLE keys IN SHARE ROW EXCLUSIVE MODE`
)

// A check value is a known text that was sealed with a master key. The database has one for each key that was ever the first.
// If Parley starts without one of these keys, the check value can't be opened, and the start fails instead of a later use.
const (
	checkPurpose = "check"
	checkText    = "parley"
)

// Beginner begins transactions: a pool, or a connection.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// CheckMasterKey checks that the master keys can open each check value of the database. If the first key, which seals new
// secrets, has no check value yet, it adds one.
// Errors: ErrWrongKey.
func CheckMasterKey(ctx context.Context, db Beginner, s *Sealer) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockKeys); err != nil {
			return err
		}

		checks, err := KeyChecks(ctx, tx)
		if err != nil {
			return err
		}
		if !s.Fits(checks...) {
			return ErrWrongKey
		}

		firstKey := Sealer{aeads: s.aeads[:1]}
		hasCheck := slices.ContainsFunc(checks, func(check []byte) bool { return firstKey.Fits(check) })
		if hasCheck {
			return nil
		}

		_, err = tx.Exec(ctx, insertKey, checkPurpose, s.Seal("keys/"+checkPurpose, []byte(checkText)))
		return err
	})
	if err != nil {
		return fmt.Errorf("store: keys: %w", err)
	}

	return nil
}

// HasMasterKey reports whether the database is bound to a master key, that is, has a check value.
func HasMasterKey(ctx context.Context, q Querier) (bool, error) {
	return query.Value[bool](ctx, q, "keys", `SELECT EXISTS (SELECT FROM keys WHERE purpose = $1)`, checkPurpose)
}

// TokenKeys returns the HMAC keys for a purpose, the newest first. If there is none, it creates one. New tokens are signed
// with the newest key.
func TokenKeys(ctx context.Context, db Beginner, s *Sealer, purpose string) ([][]byte, error) {
	newKey := make([]byte, keyBytes)
	_, _ = rand.Read(newKey) // never fails
	return loadOrCreateKeys(ctx, db, s, purpose, newKey)
}

// loadOrCreateKeys opens the stored keys of a purpose, the newest first. If there is none, it stores newKey.
func loadOrCreateKeys(ctx context.Context, db Beginner, s *Sealer, purpose string, newKey []byte) ([][]byte, error) {
	var keys [][]byte
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockKeys); err != nil {
			return err
		}

		sealed, err := query.Column[[]byte](ctx, tx, "keys of "+purpose, getKeys, purpose)
		if err != nil {
			return err
		}

		if len(sealed) == 0 {
			keys = [][]byte{newKey}
			_, err := tx.Exec(ctx, insertKey, purpose, s.Seal("keys/"+purpose, newKey))
			return err
		}

		for _, row := range sealed {
			key, err := s.Open("keys/"+purpose, row)
			if err != nil {
				return err
			}
			keys = append(keys, key)
		}

		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("store: keys: %w", err)
	}

	return keys, nil
}

// KeyChecks returns the check values of the database, the newest first, for Sealer.Fits.
func KeyChecks(ctx context.Context, q Querier) ([][]byte, error) {
	return query.Column[[]byte](ctx, q, "keys of "+checkPurpose, getKeys, checkPurpose)
}

// Fits reports whether the master keys can open all of the check values.
func (s *Sealer) Fits(checks ...[]byte) bool {
	return !slices.ContainsFunc(checks, func(check []byte) bool {
		_, err := s.Open("keys/"+checkPurpose, check)
		return err != nil
	})
}

// Hashes returns keyed hashes of a secret, one per master key, for secrets of which only a hash is stored. Store the first
// hash, and look a secret up by all of them. place is the purpose of the secret: with another place, the hashes differ.
func (s *Sealer) Hashes(place, secret string) [][]byte {
	list := make([][]byte, len(s.macs))
	for i, key := range s.macs {
		list[i] = computeMAC(key, place+"\x00"+secret)
	}
	return list
}

func computeMAC(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
