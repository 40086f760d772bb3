package erase

import (
	"context"
	"math"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// formerKey is a key (address or number) that a contact had on an account and no longer uses, such as an old phone number.
// Somebody else may have it now. An erasure of the contact must find the old number in the journal, the log of incoming
// events, but only in events from before its new owner used it.
type formerKey struct {
	Account store.AccountID `json:"account"`
	Key     string          `json:"key"`
}

// hasFormerKey is true for an event (p) that contains a former key of the contact: as its queue, in its external id, or in its
// bytes. There, the regular expression (whole) is used only if the cheaper LIKE (likely) matches.
const hasFormerKey = `EXISTS (
	SELECT FROM unnest(@formeraccounts::bigint[], @formerbefore::bigint[], @formerforms::text[], @formerlikely::text[], @formerwhole::text[])
		AS f(account, before, form, likely, whole)
	WHERE p.account_id = f.account AND p.id < f.before
		AND (lower(p.queue) = f.form OR f.form = ANY(string_to_array(p.external_id, ':'))
			OR CASE WHEN p.body LIKE f.likely THEN p.body ~ f.whole ELSE false END))`

// firstEventOfNewOwner selects the first event with a message from the person who has a key now. It selects $4 if nobody
// has the key, and 0 if that person has not written yet, because then it is unknown since when the key is theirs.
const firstEventOfNewOwner = `
	SELECT coalesce((
		SELECT coalesce((
			SELECT min(m.event_id) FROM messages AS m WHERE m.identity_id IN (i.id, i.same_as) AND m.event_id <> 0), 0)
		FROM identities AS i
		WHERE i.account_id = $1 AND i.key = $2 AND i.contact_id <> ALL($3)), $4)`

// formerArguments returns the arguments of hasFormerKey: five parallel lists, with an entry for each form in which a key may
// be written. An entry has either a form, which is compared with the queue and the external id, or a pair of likely and
// whole, which are matched with the bytes.
func formerArguments(ctx context.Context, q store.Querier, who subject) (pgx.NamedArgs, error) {
	var accounts []store.AccountID
	var before []int64
	var forms, likely, whole []*string
	for _, former := range who.Former {
		const noOwner = int64(math.MaxInt64) // all events count
		end, err := query.Value[int64](ctx, q, "former key", firstEventOfNewOwner, former.Account, former.Key, who.Contacts, noOwner)
		if err != nil {
			return nil, err
		}

		add := func(form, like, expression *string) {
			accounts, before = append(accounts, former.Account), append(before, end)
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
