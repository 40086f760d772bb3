package engine

import (
	"slices"
	"strconv"

	"parley/bridge"
	"parley/store"
)

func mergeVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbMerge, NeedsOpen: true, Right: store.RightReassign, Deed: store.DeedMerged},
		Do:    (*work).merge,
	}
}

func unmergeVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbUnmerge, Right: store.RightReassign, Deed: store.DeedUnmerged},
		Do:    (*work).unmerge,
	}
}

// merge ends another conversation for good and leads here what its customer writes from now on. Its messages stay where they
// are, so that the merge can be taken back.
func (w *work) merge(r Request) {
	c, other := r.Conversation, w.NamedConversation(r)
	if other == nil {
		return
	}
	switch {
	case other == c || other.Kind != store.KindCustomer || w.Conversations.MergedInto(other) != nil:
		w.Refuse(r, "not_merged", numberOf(other)+" can't be merged into this one.", "Name another open conversation: !merge #12")
		return
	case other.AccountID != c.AccountID || c.Exclusive:
		w.Refuse(r, "other_account", "Only conversations of one mailbox can be merged.",
			"What a customer writes elsewhere is answered there: link both to one customer.")
		return
	case !slices.Equal(other.VisibleTo, c.VisibleTo):
		w.Refuse(r, "other_readers", "Not the same people may read "+numberOf(other)+".",
			"Make both visible to the same people first: !visible @ann @ben")
		return
	case len(w.Messages.WaitingReplies(other)) > 0:
		w.Refuse(r, "waiting", "A reply in "+numberOf(other)+" waits to be sent.", "Let it leave or take it back, then merge.")
		return
	case w.People.RootOf(other) != w.People.RootOf(c):
		w.Refuse(r, "other_customer", numberOf(other)+" is of another address, "+other.Customer().Address+".",
			"Answer each in its own conversation: what one writes must not be answered to the other.")
		return
	}

	if c.WaitingSince == nil || other.WaitingSince != nil && other.WaitingSince.Before(*c.WaitingSince) {
		c.WaitingSince = other.WaitingSince
	}
	for _, tag := range other.Tags {
		if !slices.Contains(c.Tags, tag) {
			c.Tags = append(slices.Clone(c.Tags), tag)
		}
	}
	SetAsides(c, append(bridge.AsidesOf(c.Traits), bridge.AsidesOf(other.Traits)...)) // before it ends, which closes them
	SetAsides(other, nil)
	w.conclude(other, bridge.StatusClosed, bridge.CloseMerged)
	other.SetTrait(bridge.TraitMerged, strconv.FormatInt(int64(c.ID), 10))
	c.Touch()
	w.tellMerged(r, other, bridge.VerbUnmerge)
}

// unmerge takes a merge back: it reopens the conversation that is named, or the one in whose thread it was asked for.
func (w *work) unmerge(r Request) {
	c, other := r.Conversation, r.Conversation
	if r.Args.Note != "" {
		if other = w.NamedConversation(r); other == nil {
			return
		}
	} else {
		c = w.Conversations.MergedInto(other)
	}
	if c == nil || w.Conversations.MergedInto(other) != c {
		w.Refuse(r, "not_merged", numberOf(other)+" isn't merged here.", "Name the one that is: !unmerge #12")
		return
	}
	other.SetTrait(bridge.TraitMerged, "")
	other.Status, other.CloseReason = string(bridge.StatusOpen), ""
	other.ResolvedAt, other.EndedBy = nil, nil
	if other.LastFrom == store.FromCustomer {
		w.Messages.ResumeWait(other)
	}
	keepStatusFromReplies(w.Book, other)
	w.tellMerged(r.About(c), other)
}

// tellMerged tells in both threads what became of a conversation.
func (w *work) tellMerged(r Request, other *Conversation, verbs ...bridge.Verb) {
	c := r.Conversation
	for _, one := range [][2]*Conversation{{c, other}, {other, c}} {
		at, beside := one[0], one[1]
		line := bridge.Line{
			Content: bridge.LineDone, Verb: r.Verb, By: w.Dir.Ref(r.Surface, r.Agent.ID), Other: w.ReferFrom(at, beside),
			Args: bridge.Args{Conversation: c.ID, Note: numberOf(other)},
		}
		if at == c {
			line.Verbs = verbs
		} else {
			line.Mentions = w.Conversations.OtherOwners(other, r.Agent)
		}
		w.Line(at, line)
		w.Log.Did(r.About(at), Detail{Text: numberOf(beside)})
		at.RefreshCard()
	}
}

func numberOf(c *Conversation) string { return "#" + strconv.FormatInt(int64(c.ID), 10) }
