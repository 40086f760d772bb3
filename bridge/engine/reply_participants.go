package engine

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

const (
	maxAskLines      = 5 // questions that are posted about the newcomers of one mail
	newcomersPerLine = 5 // newcomers per question at most
)

// Replies to a mail go to its author, to the author's other recipients as a copy (Cc) if the account wants
// that, and to nobody else. If ann@example.org suddenly puts bob@rival.example in copy, Bob is a newcomer: he
// gets nothing until an agent clicks Allow below the question in the thread. This file updates the participants
// of a conversation from each mail, and from the agents' commands !to and !cc.

// Recipients sets who gets replies, as the customer's latest mail says. Newcomers get none until an agent
// allows it. message is the stored mail, or 0 if the mail isn't the customer's.
func (w *work) Recipients(c *Conversation, in channels.Inbound, message store.MessageID) {
	if in.Automatic != "" && len(c.Participants) > 0 {
		return
	}

	known := c.Participants
	next := w.participantsOfMail(c, in)
	newcomers := newcomerKeys(next)
	if addressed, _ := RecipientsOf(next); len(addressed) == 0 { // only newcomers are named
		next = withKnown(next, known)
	}
	c.Participants = next
	c.Touch()

	w.askNewcomers(c, message, withoutKeys(newcomers, newcomerKeys(known)))
	before, now := recipientList(known), recipientList(next)
	hasChanged := before != "" && before != now
	if hasChanged && !c.Exclusive {
		w.Line(c, bridge.Line{Content: &bridge.RecipientsLine{To: now, Without: droppedFrom(known, next)}})
	}
}

// participantsOfMail returns the people whom a mail names, with their roles. The first are its Reply-To addresses
// or else its author. Its other recipients follow, if the channel allows several people in a conversation.
func (w *work) participantsOfMail(c *Conversation, in channels.Inbound) []store.Participant {
	var named []store.Participant
	add := func(p channels.Party, role string) {
		isNamed := slices.ContainsFunc(named, func(q store.Participant) bool { return q.Key == p.Key })
		if p.Key == "" || isNamed {
			return
		}
		named = append(named, store.Participant{
			Key:     p.Key,
			Address: p.Address,
			Phone:   p.Phone,
			Name:    p.Name,
			Role:    role,
			New:     role == RoleCopied || w.People.IsNewcomer(c, p.Key),
		})
	}

	to := in.Envelope.ReplyTo
	if len(to) == 0 {
		to = []channels.Party{in.From}
	}
	for _, p := range to {
		add(p, RoleTo)
	}
	if !w.Caps(c.AccountID).Participants {
		return named
	}

	role := RoleCopied
	// If the first mail has us in blind copy, its other recipients must not learn that the customer wrote to us.
	isSecret := in.Envelope.Blind && len(c.Participants) == 0
	if w.Settings(c).ReplyTo == "all" && !isSecret {
		role = RoleCc
	}
	for _, p := range slices.Concat(in.Envelope.To, in.Envelope.Cc) {
		add(p, role)
	}
	return named
}

// droppedFrom returns the people who got replies before and don't any more.
func droppedFrom(known, next []store.Participant) []bridge.PartyRef {
	var dropped []bridge.PartyRef
	for _, p := range known {
		if !p.New && !slices.ContainsFunc(next, func(q store.Participant) bool { return q.Key == p.Key && !q.New }) {
			dropped = append(dropped, bridge.PartyRef{Name: cmp.Or(p.Name, p.Key), Address: p.Key})
		}
	}
	return dropped
}

// askNewcomers posts lines in the thread that ask whether newcomers may get replies: one line each, or one line
// for several if there are many. Newcomers beyond maxAskLines lines are left out; agents can add them with !cc.
func (w *work) askNewcomers(c *Conversation, message store.MessageID, keys []string) {
	perLine := min((len(keys)+maxAskLines-1)/maxAskLines, newcomersPerLine)

	lines := 0
	for newcomers := range slices.Chunk(keys, max(1, perLine)) {
		if lines == maxAskLines {
			return
		}

		lines++
		var who bridge.PartyRef // several are named by the addresses alone
		if len(newcomers) == 1 {
			who = c.Participant(newcomers[0])
		}

		w.Line(c, bridge.Line{
			Content:  bridge.LineParticipant,
			Customer: who,
			Verbs:    []bridge.Verb{bridge.VerbAllow},
			Args:     bridge.Args{Conversation: c.ID, Message: message, Addresses: newcomers},
		})
	}
}

// withKnown adds the known participants to next, the people whom a newcomer's mail names. Known participants
// keep their roles, so that they still get replies even if the newcomer's mail has them only in copy.
func withKnown(next, known []store.Participant) []store.Participant {
	for _, p := range known {
		if p.New {
			continue
		}

		at := slices.IndexFunc(next, func(q store.Participant) bool { return q.Key == p.Key })
		if at < 0 {
			next = append(next, p)
			continue
		}

		next[at].Role, next[at].New = p.Role, false
	}
	return next
}

// newcomerKeys returns the keys (normalised addresses) of those who get no replies until an agent allows it.
func newcomerKeys(list []store.Participant) []string {
	var keys []string
	for _, p := range list {
		if p.New && p.Role != RoleCopied {
			keys = append(keys, p.Key)
		}
	}
	return keys
}

// withoutKeys returns the keys of list that are not in drop.
func withoutKeys(list, drop []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(key string) bool { return slices.Contains(drop, key) })
}

// changeRecipients applies !cc, !to and Allow.
func (w *work) changeRecipients(r Request) {
	if w.hasOneCustomer(r.Conversation) {
		w.Refuse(r, "one_customer",
			"A conversation of "+r.Conversation.Account.Name+" has one customer: nobody else gets what is written in it.",
			"Write to them by a conversation of their own: @Parley new")
		return
	}

	if len(r.Args.Addresses) == 0 {
		w.Refuse(r, "no_address", "No address was named.", "For example: !"+string(r.Verb)+" bob@shop.example")
		return
	}

	for _, address := range r.Args.Addresses {
		if !strings.Contains(bridge.AddressKey(address), "@") {
			w.Refuse(r, "not_an_address", address+" is not an e-mail address.", "Write it like ann@example.org.")
			return
		}
	}

	list := changedParticipants(r)
	getsTheSame := func(p, q store.Participant) bool {
		p.Chosen = q.Chosen
		return p == q
	}
	if slices.EqualFunc(list, r.Conversation.Participants, getsTheSame) {
		r.Conversation.Participants = list // marks them as chosen by an agent, so that a waiting reply may go to them
		r.Conversation.Touch()
		w.Unchanged(r)
		return
	}

	w.setParticipants(r, list)
}

// changedParticipants returns the participants after a request. The request adds the addresses it names, or removes them.
func changedParticipants(r Request) []store.Participant {
	list := slices.Clone(r.Conversation.Participants)
	isNamed := func(p store.Participant) bool {
		return slices.ContainsFunc(r.Args.Addresses, func(address string) bool { return bridge.AddressKey(address) == p.Key })
	}
	if r.Args.Remove {
		return slices.DeleteFunc(list, isNamed)
	}

	for _, address := range r.Args.Addresses {
		list = addRecipient(list, address, r.Verb)
	}
	if r.Verb == bridge.VerbTo { // the named addresses replace the recipients
		list = slices.DeleteFunc(list, func(p store.Participant) bool {
			isRecipient := p.Role == RoleTo && !p.New
			return isRecipient && !isNamed(p)
		})
	}
	return list
}

// addRecipient adds an address to list: as a recipient for !to, in copy for other verbs. If the address gets
// replies already, only !to changes its role.
func addRecipient(list []store.Participant, address string, verb bridge.Verb) []store.Participant {
	role := RoleCc
	if verb == bridge.VerbTo {
		role = RoleTo
	}
	added := chosenParticipant(address, role)
	at := slices.IndexFunc(list, func(p store.Participant) bool { return p.Key == added.Key })
	if at < 0 {
		return append(list, added)
	}
	list[at].Chosen, list[at].New = true, false
	if verb == bridge.VerbTo || list[at].Role == RoleCopied {
		list[at].Role = role
	}
	return list
}

// chosenParticipant returns a participant for an address that an agent named.
func chosenParticipant(address, role string) store.Participant {
	return store.Participant{
		Key:     bridge.AddressKey(address),
		Address: bridge.AddressSpelling(address),
		Role:    role,
		Chosen:  true,
	}
}

// hasOneCustomer reports whether only the customer can get replies, as in a chat. A channel that isn't
// connected counts as one with several participants, unless the conversation is known to be exclusive.
func (w *work) hasOneCustomer(c *Conversation) bool {
	if c.Exclusive {
		return true
	}
	ch := w.Channel(c.AccountID)
	return ch != nil && !ch.Capabilities().Participants
}

// setParticipants changes who gets replies, posts it in the thread and logs it: who gets them now, since the addresses
// that were named may be those of people who get no more.
func (w *work) setParticipants(r Request, list []store.Participant) {
	c := r.Conversation
	c.Participants, c.AddressedBy = list, w.Dir.Ref(AnySurface, r.Agent.ID)
	now := recipientList(c.Participants)
	w.Log.ByAgent(c, r.Agent, store.DeedReaddressed, Detail{Text: now})
	w.Line(c, bridge.Line{
		Content: &bridge.RecipientsLine{To: now},
		By:      w.Dir.Ref(r.Surface, r.Agent.ID),
	})
	c.RefreshCard()
}

// RecipientsOfForm sets the recipients that an agent chose in a reply form. If the agent didn't change the
// recipients that the form showed, the conversation keeps its current ones, including people who have joined in
// the meantime. There are two exceptions:
//   - None of the form's recipients gets replies any more. The reply would go only to people whom the agent did not see.
//   - The form is submitted a second time. The first time may have changed the recipients.
//
// If the customer was erased while the form was open, nothing changes.
func (w *work) RecipientsOfForm(r Request) {
	if len(r.Args.To) == 0 || r.Conversation.IsErased() || w.hasOneCustomer(r.Conversation) {
		return
	}

	leftAsShown := r.Args.Shown == bridge.RecipientsMark(r.Args.To, r.Args.Cc) && !w.Posts.WasSubmittedBefore(r)
	isInForm := func(key string) bool {
		return slices.ContainsFunc(r.Args.To, func(address string) bool { return bridge.AddressKey(address) == key })
	}
	if leftAsShown && slices.ContainsFunc(addressedKeys(r.Conversation.Participants), isInForm) {
		return
	}

	list := namedParticipants(r.Conversation.Participants, r.Args.To, r.Args.Cc)
	if recipientList(list) != recipientList(r.Conversation.Participants) {
		w.setParticipants(r, list)
	}
}

// namedParticipants returns the recipients that an agent named, followed by the newcomers who still get no replies.
func namedParticipants(known []store.Participant, to, cc []string) []store.Participant {
	var list []store.Participant
	has := func(key string) bool {
		return slices.ContainsFunc(list, func(p store.Participant) bool { return p.Key == key })
	}

	add := func(addresses []string, role string) {
		for _, address := range addresses {
			p := chosenParticipant(address, role)
			if !strings.Contains(p.Key, "@") || has(p.Key) {
				continue
			}
			if at := slices.IndexFunc(known, func(q store.Participant) bool { return q.Key == p.Key }); at >= 0 {
				p.Name, p.Address = known[at].Name, known[at].Address
			}

			list = append(list, p)
		}
	}

	add(to, RoleTo)
	add(cc, RoleCc)

	for _, p := range known {
		if p.New && !has(p.Key) {
			list = append(list, p)
		}
	}

	return list
}

// addressedKeys returns the keys of the recipients of replies, without those in copy.
func addressedKeys(list []store.Participant) []string {
	to, _ := RecipientsOf(list)
	return keysOf(to)
}

// copiedKeys returns the keys of those in copy. It never returns nil.
func copiedKeys(list []store.Participant) []string {
	_, cc := RecipientsOf(list)
	return append([]string{}, keysOf(cc)...)
}

func keysOf(list []store.Participant) []string {
	var keys []string
	for _, p := range list {
		keys = append(keys, p.Key)
	}
	return keys
}

// recipientList lists the recipients as agents see them: "ann@example.org · copy: bob@example.org".
func recipientList(list []store.Participant) string {
	to, cc := RecipientsOf(list)
	text := strings.Join(keysOf(to), ", ")
	if len(cc) > 0 {
		text += " · copy: " + strings.Join(keysOf(cc), ", ")
	}
	return text
}
