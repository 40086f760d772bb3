package erase

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Key is the secret key of the hashes by which Parley recognizes erased addresses and messages. It needs them to ignore an
// erased mail that is delivered again, and to erase a contact again after a restore. Because the hashes are keyed, nobody
// can find out from them whether a given address was erased without having the key.
type Key struct {
	plain  []byte
	sealed []byte // encrypted with the master key, as stored in the database and in the list of erasures
}

const (
	keyContext = "erasure_key"
	keepKey    = `INSERT INTO erasure_key (id, sealed) VALUES (1, $1) ON CONFLICT DO NOTHING`
	readKey    = `SELECT sealed FROM erasure_key WHERE id = 1`
	keyLength  = 32
)

// LoadKey returns the key of a database. If there is none yet, it creates one.
// Errors: store.ErrWrongKey if it was encrypted with another master key.
func LoadKey(ctx context.Context, q store.Querier, sealer *store.Sealer) (Key, error) {
	newKey := make([]byte, keyLength)
	_, _ = rand.Read(newKey) // never fails
	return keepOrLoad(ctx, q, sealer, sealer.Seal(keyContext, newKey))
}

// keepOrLoad returns the key of the database. If there is none, it first stores sealed, an encrypted key, in the database.
func keepOrLoad(ctx context.Context, q store.Querier, sealer *store.Sealer, sealed []byte) (k Key, err error) {
	k.sealed, err = loadSealed(ctx, q, sealed)
	if err != nil {
		return Key{}, fmt.Errorf("store: key of erasures: %w", err)
	}
	k.plain, err = sealer.Open(keyContext, k.sealed)
	if err != nil {
		return Key{}, fmt.Errorf("store: key of erasures: %w", err)
	}
	return k, nil
}

func loadSealed(ctx context.Context, q store.Querier, sealed []byte) (stored []byte, err error) {
	err = q.QueryRow(ctx, readKey).Scan(&stored)
	if !errors.Is(err, pgx.ErrNoRows) {
		return stored, err
	}
	if _, err := q.Exec(ctx, keepKey, sealed); err != nil {
		return nil, err
	}
	err = q.QueryRow(ctx, readKey).Scan(&stored) // not sealed, if another process was faster
	return stored, err
}

// computeHash returns the keyed hash of a name on an account. kind keeps the hashes of different kinds of names apart.
func (k Key) computeHash(kind string, account store.AccountID, name string) []byte {
	mac := hmac.New(sha256.New, k.plain)
	for _, part := range []string{kind, strconv.FormatInt(int64(account), 10), name} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return mac.Sum(nil)
}

// Fact returns the hash of an external id (store.NewEvent), by which an account identifies a message or an event.
func (k Key) Fact(account store.AccountID, externalID string) [16]byte {
	return [16]byte(k.computeHash("fact", account, query.ShortID(externalID)))
}

// hashIdentity returns the hash of a contact's key (address or number) on an account.
func (k Key) hashIdentity(account store.AccountID, key string) []byte {
	return k.computeHash("identity", account, key)
}
