package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// followLaterChanges handles changes of a customer's key (phone number or provider's id) that arrive in the wrong order. Suppose that
// a customer changed from A to B and then to C, and "B to C" arrived first. Then "A to B" must lead to C. Otherwise C would become
// a second customer, and the next owner of the number B would write into this customer's thread.
//
// It replaces the keys in the changes in facts (decoded events of one batch) by the customer's current keys.
func followLaterChanges(ctx context.Context, tx pgx.Tx, facts []fact) error {
	for i := range facts {
		f := &facts[i]
		for j, in := range f.inbound {
			isChange := in.Kind == channels.InboundIdentity && in.Change.Previous.Key != "" && !in.At.IsZero()
			if !isChange {
				continue
			}

			reported := append([]string{in.From.Key}, in.From.Also...)
			keys, err := store.FindLaterKeys(ctx, tx, f.account.ID, reported, in.At)
			if err != nil {
				return err
			}
			if len(keys) == 0 {
				continue
			}

			in.From = withCurrentKeys(in.From, keys)
			f.inbound = slices.Clone(f.inbound) // the original is shared with other attempts to apply the fact
			f.inbound[j] = in
		}
	}
	return nil
}

// withCurrentKeys returns a customer with the current keys instead of the reported ones. If the reported main key is still one of
// them, it stays the main key.
func withCurrentKeys(p channels.Party, keys []string) channels.Party {
	if i := slices.Index(keys, p.Key); i >= 0 {
		p.Also = slices.Delete(keys, i, i+1)
		return p
	}
	p.Key, p.Also, p.Lasting = keys[0], keys[1:], false
	return p
}
