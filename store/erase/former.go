package erase

import (
	"context"
	"math"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// formerKey is a key that a contact had in an account and doesn't use any more, such as a phone number before the contact changed it.
// Somebody else may have it now. So the key stands for the contact only in what arrived before that person used it.
type formerKey struct {
	Account store.AccountID `json:"account"`
	Key     string          `json:"key"`
}

// hasFormerKey is true for an event (p) that a former key of the contact's names: by its queue, by its name, or in its bytes.
const hasFormerKey = `EXISTS (
	SELECT FROM unnest(@formeraccounts::bigint[], @formerbefore::bigint[], @formerforms::text[], @formerlikely::text[], @formerwhole::text[])
		AS f(account, before, form, likely, whole)
	WHERE p.account_id = f.account AND p.id < f.before
		AND (lower(p.queue) = f.form OR f.form = ANY(string_to_array(p.external_id, ':'))
			OR CASE WHEN p.body LIKE f.likely THEN p.body ~ f.whole ELSE false END))`

// firstOfNext finds the first event that made a message of the person who has a key now. It returns $4 if nobody
// has the key. It returns 0 if that person has not written yet, because then nothing says since when the key is
// theirs.
const firstOfNext = `
	SELECT coalesce((
		SELECT coalesce((
			SELECT min(m.event_id) FROM messages AS m WHERE m.identity_id IN (i.id, i.same_as) AND m.event_id <> 0), 0)
		FROM identities AS i
		WHERE i.account_id = $1 AND i.key = $2 AND i.contact_id <> ALL($3)), $4)`

// formerArguments returns the arguments of hasFormerKey: a row for each form of each key. A form is looked for in the queue and in
// the name, or in the bytes.
func formerArguments(ctx context.Context, q store.Querier, who subject) (pgx.NamedArgs, error) {
	var accounts []store.AccountID
	var before []int64
	var forms, likely, whole []*string
	for _, former := range who.Former {
		first, err := query.Value[int64](ctx, q, "former key", firstOfNext, former.Account, former.Key, who.Contacts, int64(math.MaxInt64))
		if err != nil {
			return nil, err
		}

		add := func(form, like, expression *string) {
			accounts, before = append(accounts, former.Account), append(before, first)
			forms, likely, whole = append(forms, form), append(likely, like), append(whole, expression)
		}
		only := scope{subject: subject{Keys: []string{former.Key}}}
		isAny := func(string) bool { return true }
		for _, form := range lowerAll(orderForms(only.Keys, isAny)) {
			add(&form, nil, nil)
		}
		patterns := likePatterns(lowerAll(inBytes(keyForms(only.Keys, isAny))))
		for _, expression := range append(only.wholeKeys(asBytes), lowerAll(only.wholeIDs())...) {
			for _, pattern := range patterns {
				add(nil, &pattern, &expression)
			}
		}
	}

	return pgx.NamedArgs{
		"formeraccounts": accounts,
		"formerbefore":   before,
		"formerforms":    forms,
		"formerlikely":   likely,
		"formerwhole":    whole,
	}, nil
}
