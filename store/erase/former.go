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
		AND (lower(replace(p.queue, 'I', 'i')) = f.form OR f.form = ANY(string_to_array(p.external_id, ':'))
			OR CASE WHEN p.body LIKE f.likely THEN p.body ~ f.whole ELSE false END))`

// firstEventOfNewOwner selects the first event with a message from the person who has a key now. It selects $4 if nobody
// has the key, and 0 if that person has not written yet, because then it is unknown since when the key is theirs.
const firstEventOfNewOwner = `
	SELECT coalesce((
		SELECT coalesce((
			SELECT min(m.event_id) FROM messages AS m WHERE m.identity_id IN (i.id, i.same_as) AND m.event_id <> 0), 0)
		FROM identities AS i
		WHERE i.account_id = $1 AND i.key = $2 AND i.contact_id <> ALL($3)), $4)`

// formerSearch is one row of hasFormerKey: one form in which a former key may be written. It has either form, which is compared
// with an event's queue and external id, or likely and whole, which are matched with its bytes.
type formerSearch struct {
	account store.AccountID
	before  int64 // only events with smaller ids count
	form    *string
	likely  *string // a LIKE pattern
	whole   *string // a regular expression
}

// formerArguments returns the arguments of hasFormerKey.
func formerArguments(ctx context.Context, q store.Querier, who subject) (pgx.NamedArgs, error) {
	var searches []formerSearch
	for _, former := range who.Former {
		const noOwner = int64(math.MaxInt64) // all events count
		end, err := query.Value[int64](ctx, q, "former key", firstEventOfNewOwner, former.Account, former.Key, who.Contacts, noOwner)
		if err != nil {
			return nil, err
		}

		only := scope{subject: subject{Keys: []string{former.Key}}}
		isAny := func(string) bool { return true }
		for _, form := range lowerAll(orderForms(only.Keys, isAny)) {
			searches = append(searches, formerSearch{account: former.Account, before: end, form: &form})
		}
		patterns := likePatterns(lowerAll(inBytes(keyForms(only.Keys, isAny))))
		for _, expression := range append(only.wholeKeys(asBytes), lowerAll(only.wholeIDs())...) {
			for _, pattern := range patterns {
				searches = append(searches, formerSearch{account: former.Account, before: end, likely: &pattern, whole: &expression})
			}
		}
	}

	return pgx.NamedArgs{
		"formeraccounts": query.Field(searches, func(s *formerSearch) store.AccountID { return s.account }),
		"formerbefore":   query.Field(searches, func(s *formerSearch) int64 { return s.before }),
		"formerforms":    query.Field(searches, func(s *formerSearch) *string { return s.form }),
		"formerlikely":   query.Field(searches, func(s *formerSearch) *string { return s.likely }),
		"formerwhole":    query.Field(searches, func(s *formerSearch) *string { return s.whole }),
	}, nil
}
