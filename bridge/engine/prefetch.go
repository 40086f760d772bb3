package engine

import (
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/outbound"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// fact is a decoded event.
type fact struct {
	event   store.Event
	account *store.Account
	inbound []channels.Inbound
	actions []bridge.Action
	own     *ownFact
}

// wanted collects what a batch will touch, before anything is locked.
type wanted struct {
	parties       map[userKey]channels.Party
	partyKeys     []userKey // of parties, in the order in which the facts name them
	same          []samePerson
	reactAcc      []int64
	reactTargets  []string
	files         []int64 // messages of which the posts of files are needed
	peekAcc       []int64 // customers who are looked up only, by account and key
	peekKeys      []string
	joinAcc       []int64 // senders whose open conversations are needed, by account and key
	joinKeys      []string
	upTo          bool // the replies that were sent before a watermark are needed
	externalAcc   []int64
	externalIDs   []string
	postAcc       []int64
	postChannels  []string
	postMessages  []string
	conversations map[int64]bool
	messages      []int64
	deliveries    []int64
	laneAcc       []int64
	laneKeys      []string
	facts         []fact
	speaks        bool // the deliveries that wait for customers are needed
	failures      bool // they are needed, and the latest messages of all conversations
	receipts      bool // the deliveries that left together are needed
	dayAcc        []int64
	days          []string
	knownOnly     []starting      // conversations that may be begun only with people who wrote before
	opens         map[userKey]int // how many conversations each origin may open
}

func (w *work) wants(facts []fact) *wanted {
	n := &wanted{facts: facts, parties: map[userKey]channels.Party{}, conversations: map[int64]bool{}, opens: map[userKey]int{}}
	for _, f := range facts {
		for _, in := range f.inbound {
			n.inbound(f.account, in, w.now)
			if w.mayJoin(f.account, in) {
				n.joinAcc, n.joinKeys = append(n.joinAcc, f.account.ID), append(n.joinKeys, in.From.Key)
			}
			for _, origin := range w.originsOf(f.account, in) {
				n.opens[userKey{f.account.ID, origin}]++
			}
			if in.Kind == channels.InboundTemplate {
				n.templatesOf(w.dir, f.account.ID)
			}
			if in.Kind == channels.InboundNotice {
				n.people(w.dir)
			}
		}
		for _, a := range f.actions {
			n.action(f.account.ID, a)
			n.told(f.account.ID, a, w.now)
			switch a.Verb {
			case bridge.VerbNew:
				n.start(w, f.account.ID, a)
			case bridge.VerbAssign:
				n.notHere(w.dir)
			}
		}
		if f.own != nil {
			n.add(f.own.Conversation)
			n.failures = n.failures || f.own.Kind == string(relay.ReportFailed)
			n.messages = append(n.messages, f.own.Message)
			n.deliveries = append(n.deliveries, f.own.Delivery)
			if team, ok := eveningTeam(f.own.Kind); ok {
				surface, channel := w.dir.TeamHome(team)
				n.laneAcc, n.laneKeys = append(n.laneAcc, surface), append(n.laneKeys, outbound.ChannelLane(channel))
			}
			if f.own.Kind == ownFetched {
				n.files = append(n.files, f.own.Message)
			}
			switch f.own.Kind {
			case ownAccount, ownDigest, ownPostFailed:
				n.people(w.dir)
			case ownTemplate:
				n.templatesOf(w.dir, f.own.Account)
			}
		}
	}
	return n
}

// openers gives the accounts and origins of those who may open conversations.
func (n *wanted) openers() (accounts []int64, origins []string) {
	for k := range n.opens {
		accounts, origins = append(accounts, k.account), append(origins, k.user)
	}
	return accounts, origins
}

// people adds the lanes of what is told to agents directly.
func (n *wanted) people(dir *directory.Directory) {
	for _, u := range dir.ActiveUsers() {
		n.laneAcc, n.laneKeys = append(n.laneAcc, u.AccountID), append(n.laneKeys, outbound.ChannelLane("@"+u.UserID))
	}
}

func (n *wanted) add(conversation int64) {
	if conversation != 0 {
		n.conversations[conversation] = true
	}
}

func (n *wanted) inbound(a *store.Account, in channels.Inbound, now time.Time) {
	if knows(in.Kind) || in.Opens {
		n.party(a.ID, in)
	}
	n.add(in.Conversation)
	list := in.References
	if in.Answers != 0 {
		n.messages = append(n.messages, in.Answers)
	}
	for _, id := range []string{in.Target, in.Answered} {
		if id != "" {
			list = append(slices.Clone(list), id)
		}
	}
	if in.Kind == channels.InboundReaction {
		n.reactAcc, n.reactTargets = append(n.reactAcc, a.ID), append(n.reactTargets, in.Target)
	}
	if in.Status != nil {
		if !in.Status.UpTo.IsZero() {
			n.upTo, n.peekAcc, n.peekKeys = true, append(n.peekAcc, a.ID), append(n.peekKeys, in.From.Key)
		}
		n.receipts = true
		n.failures = n.failures || in.Status.State == channels.StateFailed // whether it was answered since
		list = append(slices.Clone(list), in.Status.External...)
		n.messages = append(n.messages, in.Status.MessageID)
	}
	if in.ExternalID != "" {
		list = append(slices.Clone(list), in.ExternalID)
	}
	for _, id := range list {
		n.externalAcc, n.externalIDs = append(n.externalAcc, a.ID), append(n.externalIDs, id)
	}
	if in.Automatic != "" || in.Kind == channels.InboundStatus { // a bounce that nobody knows goes there, too
		n.dayAcc, n.days = append(n.dayAcc, a.ID), append(n.days, day(now))
	}
}

func (n *wanted) action(surface int64, a bridge.Action) {
	n.add(a.Args.Conversation)
	n.messages = append(n.messages, a.Args.Message, a.Args.Slip)
	n.deliveries = append(n.deliveries, a.Args.Delivery)
	for _, m := range []string{a.Place.Thread, a.Place.Message} {
		if m != "" {
			n.postAcc, n.postChannels, n.postMessages = append(n.postAcc, surface), append(n.postChannels, a.Place.Channel), append(n.postMessages, m)
		}
	}
	if t := a.Args.Typed; t != nil {
		n.postAcc, n.postChannels, n.postMessages = append(n.postAcc, surface), append(n.postChannels, t.Channel), append(n.postMessages, t.Message)
	}
	n.form(surface, a)
	n.speaks = n.speaks || speaks(a.Verb)
	n.laneAcc, n.laneKeys = append(n.laneAcc, surface), append(n.laneKeys, outbound.ChannelLane(a.Place.Channel))
}

// speaks says that a verb needs the latest messages of its conversation, and the replies that wait.
func speaks(v bridge.Verb) bool {
	switch v {
	case bridge.VerbTemplate, bridge.VerbSay, bridge.VerbReply, bridge.VerbNote, bridge.VerbUnknown, bridge.VerbEdit, bridge.VerbDelete, bridge.VerbUndo, bridge.VerbSend, bridge.VerbKeep, bridge.VerbDrop, bridge.VerbSendAgain, bridge.VerbMarkSent,
		bridge.VerbPromote, bridge.VerbSilence, bridge.VerbBlock, bridge.VerbUnblock, bridge.VerbTo, bridge.VerbCC, bridge.VerbAllow:
		return true
	case bridge.VerbAssign, bridge.VerbUnassign, bridge.VerbSnooze, bridge.VerbWake, bridge.VerbReopen: // replies on their way follow them: keepStatus
		return true
	}
	return false
}

// told adds the record of what the author of a typed text was told once.
func (n *wanted) told(surface int64, a bridge.Action, now time.Time) {
	if a.Verb == bridge.VerbSay {
		k := toldKey(surface, a, now)
		n.postAcc, n.postChannels, n.postMessages = append(n.postAcc, k.account), append(n.postChannels, k.channel), append(n.postMessages, k.message)
	}
}
