package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// followLaterChanges makes a customer's change of key (address, number) lead to the key of now, if a later change came first. A customer
// who changed from A to B, and then to C, is at C. If B counted as this customer's, C would be a second customer, and whoever has B
// next would write in this customer's thread.
func followLaterChanges(ctx context.Context, tx pgx.Tx, facts []fact) error {
	for i := range facts {
		f := &facts[i]
		for j, in := range f.inbound {
			isChange := in.Kind == channels.InboundIdentity && in.Change.Previous.Key != "" && !in.At.IsZero()
			if !isChange {
				continue
			}

			named := append([]string{in.From.Key}, in.From.Also...)
			keys, err := store.FindLaterKeys(ctx, tx, f.account.ID, named, in.At)
			if err != nil {
				return err
			}
			if len(keys) == 0 {
				continue
			}

			in.From = withKeysOfNow(in.From, keys)
			f.inbound = slices.Clone(f.inbound) // other attempts to apply the fact have the same list
			f.inbound[j] = in
		}
	}
	return nil
}

// withKeysOfNow returns a customer with the keys that she has by now in place of those that were told. A lasting one that is still hers
// comes first.
func withKeysOfNow(p channels.Party, keys []string) channels.Party {
	if i := slices.Index(keys, p.Key); i >= 0 {
		p.Also = slices.Delete(keys, i, i+1)
		return p
	}
	p.Key, p.Also, p.Lasting = keys[0], keys[1:], false
	return p
}
