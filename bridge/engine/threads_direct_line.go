package engine

import (
	"slices"

	"parley/bridge"
	"parley/store"
)

// Agents normally learn about a conversation in its thread, where a mention notifies them. That doesn't work
// for an agent who uses another chat: if a conversation is in Slack and assigned to Dana, who only uses Teams,
// Dana gets a direct message in Teams. Admins also get direct messages, about accounts that are broken. A
// surface is a chat in which agents work.

// AnySurface stands for no particular surface: none is preferred, and agents are named without a mention.
const AnySurface store.AccountID = 0

// SurfaceToTell returns the surface in which an agent gets a direct message: preferred if the agent uses it, or
// else a connected one. It returns AnySurface if the agent uses none.
func (th *Writer) SurfaceToTell(agent store.AgentID, preferred store.AccountID) store.AccountID {
	surfaces := th.Dir.SurfacesOf(agent)
	if len(surfaces) == 0 {
		return AnySurface
	}
	if slices.Contains(surfaces, preferred) {
		return preferred
	}
	connected := slices.IndexFunc(surfaces, func(s store.AccountID) bool { return th.Chat(s) != nil })
	return surfaces[max(connected, 0)]
}

// SurfaceForTroubles returns the surface in which people are told that an account is broken. For a mailbox or a
// phone number, it is the surface with its threads. For a surface, it is another connected one, or else the
// broken one itself.
func (th *Writer) SurfaceForTroubles(a *store.Account) store.AccountID {
	if a.Side != store.SideSurface {
		surface, _ := th.Dir.Home(a, nil)
		return surface
	}
	for _, other := range th.Dir.Accounts {
		isOtherSurface := other.Side == store.SideSurface && other.ID != a.ID
		if isOtherSurface && th.Chat(other.ID) != nil {
			return other.ID
		}
	}
	return a.ID
}

// TellAssigned sends an agent a direct message about an assignment. It is for agents who don't use the surface
// of the conversation's thread. It does nothing if the agent has switched such notices off.
func (th *Writer) TellAssigned(c *Conversation, agent store.AgentID) {
	surface := th.SurfaceToTell(agent, AnySurface)
	notice, _ := bridge.Line{Content: bridge.LineAssigned}.Notice()
	if surface == 0 || hasDeclined(th.Dir, agent, notice) {
		return
	}
	row := th.Reading.FactsOf(th.Dir, surface, th.Dir.Agent(agent), c.Conversation, th.People.Identities, c.Places(), th.Now)
	th.SendDirect(surface, agent, bridge.Line{Content: &bridge.ListLine{List: bridge.ListAssigned, Rows: []bridge.Facts{row}}})
}

// surfaceElsewhere returns the surface in which an agent gets a copy of a line as a direct message, because the
// agent doesn't use the surface of the thread. It returns 0 if the agent uses that surface, caused the line, or
// may not read the conversation, and for assignments (see TellAssigned).
func surfaceElsewhere(
	th *Writer, c *Conversation, thread store.AccountID, agent store.AgentID, line bridge.Line,
) store.AccountID {
	surface := th.SurfaceToTell(agent, thread)
	needsNoCopy := surface == thread || surface == AnySurface
	if needsNoCopy || agent == line.By.ID || line.IsAssignment() {
		return 0
	}
	if !th.Reading.As(th.Dir.Agent(agent)).May(c.Conversation) {
		return 0
	}
	return surface
}

// tellElsewhere sends an agent a line of a thread as a direct message. Before that, it sends another one that shows the
// conversation and links to it. surface is the result of surfaceElsewhere. The message names the conversation, so that
// it is found when the customer is erased.
func tellElsewhere(th *Writer, c *Conversation, surface store.AccountID, agent store.AgentID, line bridge.Line) {
	row := th.Reading.FactsOf(th.Dir, surface, th.Dir.Agent(agent), c.Conversation, th.People.Identities, c.Places(), th.Now)
	th.SendDirect(surface, agent, bridge.Line{Content: &bridge.ListLine{List: bridge.ListElsewhere, Rows: []bridge.Facts{row}}})
	if asked, isQuestion := line.Content.(*bridge.AskLine); isQuestion {
		line.Content = &bridge.AskLine{Why: asked.Why}
	}

	line.Verbs, line.SourceRef = nil, bridge.Place{} // the buttons are in the thread
	line.Mentions = []bridge.AgentRef{th.Dir.Ref(surface, agent)}
	line.By = th.Dir.ConvertRef(surface, line.By)
	line.Args.Conversation = c.ID
	if line.Customer == (bridge.PartyRef{}) {
		line.Customer = c.Customer()
	}
	th.SendDirect(surface, agent, line)
}

// TellTeamElsewhere sends direct messages about a hand-over to those members of the new team who want such
// notices but don't use the surface of the thread.
func TellTeamElsewhere(th *Writer, c *Conversation, team *store.Team, thread store.AccountID, line bridge.Line) {
	var members []bridge.AgentRef
	for _, id := range team.Members {
		if th.Dir.Agent(id) != nil && id != line.By.ID {
			members = append(members, th.Dir.Ref(AnySurface, id))
		}
	}
	for _, ref := range wantingHandOver(th.Dir, members) {
		if surface := surfaceElsewhere(th, c, thread, ref.ID, line); surface != 0 {
			tellElsewhere(th, c, surface, ref.ID, line)
		}
	}
}

// SendDirect notifies one agent by a direct message. Use it only for what no thread can show. If the chat is away,
// the message waits until it is back.
func (th *Writer) SendDirect(surface store.AccountID, agent store.AgentID, line bridge.Line) {
	if user := th.Dir.UserOf(surface, agent); user != "" {
		th.enqueueDirect(surface, Payload{To: user, Line: &line, Notice: true})
	}
}

// enqueueDirect queues a direct message to the user p.To of a surface. Unless it is a notice, it is soon given up if
// the chat is away. enqueueDirect does nothing for Parley's own web pages, which show results themselves.
func (th *Writer) enqueueDirect(surface store.AccountID, p Payload) {
	if surface == store.SystemAccount {
		return
	}
	if list, ok := p.Line.Content.(*bridge.ListLine); ok {
		list.Hidden = th.Reading.HiddenLists(th.Dir.AgentOf(surface, p.To))
	}
	l := th.channelLaneOf(surface, DirectChannel(p.To), bridge.PostLine)
	th.Outbox.Enqueue(l, string(bridge.PostLine), NoMessage, p, nil)
}

// NoPage is the page argument of TellCondition if no page helps.
const NoPage = ""

// TellAdmins sends a line of a conversation's thread to all admins but its author as a direct message, unless they may not read it.
func TellAdmins(th *Writer, c *Conversation, line bridge.Line) {
	preferred := AnySurface
	if home := c.Home(th.Dir); home != nil {
		preferred = home.AccountID
	}
	told := th.lockAdmins(preferred)
	for _, agent := range SortedKeys(told) {
		if agent != line.By.ID && th.Reading.As(th.Dir.Agent(agent)).May(c.Conversation) {
			tellElsewhere(th, c, told[agent], agent, line)
		}
	}
}

// lockAdmins returns the surfaces in which the admins get direct messages, and locks the lanes of these.
func (th *Writer) lockAdmins(preferred store.AccountID) map[store.AgentID]store.AccountID {
	told := map[store.AgentID]store.AccountID{}
	var queues []LaneKey
	for _, a := range th.Dir.Agents {
		if a.Active && a.IsAdmin() {
			surface := th.SurfaceToTell(a.ID, preferred)
			told[a.ID] = surface
			direct := ChannelLane(DirectChannel(th.Dir.UserOf(surface, a.ID)))
			queues = append(queues, LaneKey{Account: surface, Key: direct})
		}
	}
	th.Outbox.LockLanes(queues)
	return told
}

// TellCondition tells all admins that an account, or the language model, is broken or works again. page is the
// URL at which the account can be connected again, or NoPage.
func (th *Writer) TellCondition(f Fact, page string) {
	account := th.Dir.Account(f.Account)
	if account == nil {
		return
	}
	first := th.SurfaceForTroubles(account)
	isModel := f.Kind == Account && f.Account == store.SystemAccount // the system account has no condition but the model's
	line := bridge.Line{Content: &bridge.AccountLine{Account: account.Name, Model: isModel, Trouble: f.Text, Hint: f.Hint, Page: page}}
	told := th.lockAdmins(first)
	for _, agent := range SortedKeys(told) {
		th.SendDirect(told[agent], agent, line)
	}
}
