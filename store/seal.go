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

// Passwords and tokens of accounts are encrypted before they are stored. The master keys for that come from the
// environment or a file (PARLEY_MASTER_KEY, master.key) and are not in the database. There may be several, so that
// a key can be replaced: the first one encrypts, each of them decrypts.

// Sealer encrypts (seals) and decrypts (opens) secrets. Each secret is bound to its place, such as
// "accounts/support-mail": a sealed secret that was copied to another row can't be opened there.
type Sealer struct {
	aeads []cipher.AEAD // one for each key
	macs  [][]byte      // the keys of Hashes, one for each key
}

// ErrWrongKey means that a sealed value was not made with any of the known keys.
var ErrWrongKey = errors.New("store: the master key does not fit")

// keyBytes is the length of a key of AES-256.
const keyBytes = 32

// NewSealer makes a Sealer of base64 keys of keyBytes bytes, separated by commas.
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

// NewMasterKey returns a new random key, as NewSealer takes it.
func NewMasterKey() string {
	raw := make([]byte, keyBytes)
	_, _ = rand.Read(raw) // never fails
	return base64.StdEncoding.EncodeToString(raw)
}

// Seal encrypts a secret that belongs at place ("accounts/support-mail").
func (s *Sealer) Seal(place string, secret []byte) []byte {
	return s.aeads[0].Seal(nil, nil, secret, []byte(place))
}

// Open decrypts what Seal made for the same place.
// Errors: ErrWrongKey.
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

// A check value is a known text, sealed with a master key. The database has one for each key that ever came first,
// so that a start without one of the keys that its secrets need is noticed.
const (
	checkPurpose = "check"
	checkText    = "parley"
)

// Beginner begins transactions: a pool, or a connection.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// CheckMasterKey tests the master keys: each check value of the database must open with one of them. If the first
// key, by which new secrets are sealed, has no check value yet, it adds one.
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

		first := Sealer{aeads: s.aeads[:1]}
		if slices.ContainsFunc(checks, func(check []byte) bool { return first.Fits(check) }) {
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

// HasMasterKey returns whether a database is already bound to a master key.
func HasMasterKey(ctx context.Context, q Querier) (bool, error) {
	return query.Value[bool](ctx, q, "keys", `SELECT EXISTS (SELECT FROM keys WHERE purpose = $1)`, checkPurpose)
}

// TokenKeys returns the HMAC keys of a purpose, the newest first. Tokens are signed with the newest. If there is no
// key yet, it makes one.
func TokenKeys(ctx context.Context, db Beginner, s *Sealer, purpose string) ([][]byte, error) {
	fresh := make([]byte, keyBytes)
	_, _ = rand.Read(fresh) // never fails
	return keysOf(ctx, db, s, purpose, fresh)
}

// keysOf opens the keys of a purpose, the newest first. If there is no key yet, it stores the key first.
func keysOf(ctx context.Context, db Beginner, s *Sealer, purpose string, first []byte) ([][]byte, error) {
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
			keys = append(keys, first)
			_, err := tx.Exec(ctx, insertKey, purpose, s.Seal("keys/"+purpose, first))
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

// KeyChecks returns the sealed values with which Sealer.Fits tests master keys, the newest first. It returns none if the database
// is not bound to a key.
func KeyChecks(ctx context.Context, q Querier) ([][]byte, error) {
	return query.Column[[]byte](ctx, q, "keys of "+checkPurpose, getKeys, checkPurpose)
}

// Fits returns whether each of the KeyChecks was sealed with one of the keys.
func (s *Sealer) Fits(checks ...[]byte) bool {
	return !slices.ContainsFunc(checks, func(check []byte) bool {
		_, err := s.Open("keys/"+checkPurpose, check)
		return err != nil
	})
}

// Hashes returns the keyed hashes of a secret of which only a hash is stored: one for each key. New secrets are stored
// by the first. place says what the secret is for, so that equal secrets of different places have different hashes.
func (s *Sealer) Hashes(place, secret string) [][]byte {
	list := make([][]byte, len(s.macs))
	for i, key := range s.macs {
		list[i] = computeMAC(key, place+"\x00"+secret)
	}
	return list
}

// computeMAC returns the HMAC-SHA256 of a text with a key.
func computeMAC(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
