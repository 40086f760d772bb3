package engine

import (
	"context"
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// What a profile shows at most.
const (
	profileNotes     = 20
	profileRows      = 10
	profileAddresses = 10
)

// Profile reads what is known of a conversation's customer, as viewer may read it.
// Error: *bridge.Problem if the conversation has no single customer.
func (rd *ReadingReader) Profile(
	ctx context.Context, q store.Querier, surface store.AccountID, viewer *store.Agent, c *store.Conversation,
) (p bridge.Profile, err error) {
	if c.IdentityID == nil {
		return p, &bridge.Problem{Code: "no_customer", Text: "This conversation has no single customer."}
	}
	known, err := store.KnownCustomers(ctx, q, []store.IdentityID{*c.IdentityID})
	if err != nil {
		return p, err
	}
	if len(known) > 0 {
		k := known[0]
		p = bridge.Profile{
			Record: k.ID, Name: k.Name, Salesman: k.Salesman, Brands: k.Brands, Assignees: k.Assignees, VisibleTo: k.VisibleTo,
			Fields: k.Fields, Called: k.Called,
		}
		if p.Addresses, err = recordAddresses(ctx, q, k.ID); err != nil {
			return p, err
		}
		if p.Notes, err = customerNotes(ctx, q, k.ID); err != nil {
			return p, err
		}
	}
	if p.Told, err = rd.toldNames(ctx, q, viewer, *c.IdentityID); err != nil {
		return p, err
	}

	links := rd.settingsOf(c.AccountID).CustomerLinks
	for _, told := range p.Told {
		for _, l := range bridge.LinksTo(links, told.Address) {
			if !slices.Contains(p.Links, l) {
				p.Links = append(p.Links, l)
			}
		}
	}

	const latest = 200
	ids, err := store.ConversationsOfCustomer(ctx, q, p.Record, *c.IdentityID, latest)
	if err != nil {
		return p, err
	}
	ids, err = store.FilterConversations(ctx, q, rd.As(viewer), ids, store.Filter{})
	if err != nil {
		return p, err
	}
	p.Rows, err = rd.Facts(ctx, q, surface, viewer, ids[:min(len(ids), profileRows)]...)
	return p, err
}

func recordAddresses(ctx context.Context, q store.Querier, id store.RecordID) (list []string, err error) {
	addresses, err := store.AddressesOf(ctx, q, id)
	for _, a := range addresses[:min(len(addresses), profileAddresses)] {
		_, key, isOfAccount := strings.Cut(a.Address, "/")
		if !isOfAccount {
			key = a.Address
		}
		if a.Name != "" {
			key = a.Name + " <" + key + ">"
		}
		list = append(list, key)
	}
	return list, err
}

func customerNotes(ctx context.Context, q store.Querier, id store.RecordID) (rows []bridge.LogRow, err error) {
	notes, err := store.CustomerNotes(ctx, q, id, profileNotes)
	for _, n := range notes {
		rows = append(rows, bridge.LogRow{
			At: n.At, Actor: n.Author, What: string(store.DeedNoted), Detail: n.Text, IsChosen: true,
		})
	}
	return rows, err
}

// toldNames returns the names and addresses that the channels tell of a customer, of accounts that the viewer may read.
func (rd *ReadingReader) toldNames(ctx context.Context, q store.Querier, viewer *store.Agent, id store.IdentityID) (list []bridge.PartyRef,
	err error) {
	ids, err := store.IdentitiesOfContact(ctx, q, id)
	if err != nil {
		return nil, err
	}
	identities, err := store.Identities(ctx, q, ids)
	reader := rd.As(viewer)
	for _, i := range identities {
		_, isFormer := store.PlainKey(i.Key)
		if isFormer || i.ID != id && !reader.May(&store.Conversation{AccountID: i.AccountID, Kind: store.KindCustomer}) {
			continue
		}
		if ref := (bridge.PartyRef{Name: i.Name, Address: i.Key}); !slices.Contains(list, ref) {
			list = append(list, ref)
		}
	}
	return list, err
}

// RecordRefs returns what people need to choose from records, each once, in their order.
func RecordRefs(ctx context.Context, q store.Querier, records []store.Customer) (list []bridge.RecordRef, err error) {
	var ids []store.RecordID
	for _, r := range records {
		if !slices.Contains(ids, r.ID) {
			ids = append(ids, r.ID)
			list = append(list, bridge.RecordRef{ID: r.ID, Name: r.Name})
		}
	}
	addresses, err := store.AddressesOf(ctx, q, ids...)
	const shown = 3
	for _, a := range addresses {
		if ref := &list[slices.Index(ids, a.RecordID)]; len(ref.Addresses) < shown {
			ref.Addresses = append(ref.Addresses, a.Address)
		}
	}
	return list, err
}
