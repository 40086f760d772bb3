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

// Key makes the hashes by which erased contacts and facts are known again. Without it, nobody can try out
// whether a given address was erased.
type Key struct {
	plain  []byte
	sealed []byte // as it stands in the database, and in the list of erasures
}

const (
	keyPlace  = "erasure_key"
	keepKey   = `INSERT INTO erasure_key (id, sealed) VALUES (1, $1) ON CONFLICT DO NOTHING`
	readKey   = `SELECT sealed FROM erasure_key WHERE id = 1`
	keyLength = 32
)

// LoadKey reads the key of a database. If there is none yet, it makes one.
// Errors: store.ErrWrongKey when it was sealed by another master key.
func LoadKey(ctx context.Context, q store.Querier, sealer *store.Sealer) (Key, error) {
	fresh := make([]byte, keyLength)
	_, _ = rand.Read(fresh) // never fails
	return keepOrLoad(ctx, q, sealer, sealer.Seal(keyPlace, fresh))
}

// keepOrLoad stores the sealed key in a database that has none, and reads the key that the database has then.
func keepOrLoad(ctx context.Context, q store.Querier, sealer *store.Sealer, sealed []byte) (Key, error) {
	var k Key
	err := q.QueryRow(ctx, readKey).Scan(&k.sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		if _, err = q.Exec(ctx, keepKey, sealed); err == nil {
			err = q.QueryRow(ctx, readKey).Scan(&k.sealed)
		}
	}

	if err == nil {
		k.plain, err = sealer.Open(keyPlace, k.sealed)
	}
	if err != nil {
		return Key{}, fmt.Errorf("store: key of erasures: %w", err)
	}

	return k, nil
}

// computeHash returns the keyed hash of a name in an account. what says what the name is of.
func (k Key) computeHash(what string, account store.AccountID, name string) []byte {
	mac := hmac.New(sha256.New, k.plain)
	for _, part := range []string{what, strconv.FormatInt(int64(account), 10), name} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return mac.Sum(nil)
}

// Fact returns the hash of the external id of an account's fact, as store.NewEvent takes it.
func (k Key) Fact(account store.AccountID, externalID string) [16]byte {
	return [16]byte(k.computeHash("fact", account, query.ShortID(externalID)))
}

// hashIdentity returns the hash of an address or number of a contact.
func (k Key) hashIdentity(account store.AccountID, key string) []byte {
	return k.computeHash("identity", account, key)
}
