package connector

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"

	"parley/bot/teams/teamsfake/calls"
	"parley/bot/teams/teamsfake/tenant"
)

// The bot's activities: starting conversations, and posting, changing and deleting messages. All handlers are called by asBot,
// which holds the lock. What is named ensure… or find… answers the call itself if it refuses it.

// outgoing is an activity as bots send it.
// Source: Bot Connector API reference, "Activity object", read 2026-11.
type outgoing struct {
	Type             string                  `json:"type"`
	Text             string                  `json:"text"`
	TextFormat       string                  `json:"textFormat"`
	Summary          string                  `json:"summary"`
	Attachments      []tenant.WireAttachment `json:"attachments"`
	AttachmentLayout string                  `json:"attachmentLayout"`
	Entities         []json.RawMessage       `json:"entities"`
	SuggestedActions json.RawMessage         `json:"suggestedActions"`
	ReplyToID        string                  `json:"replyToId"`
	Recipient        *account                `json:"recipient"`
	ChannelData      json.RawMessage         `json:"channelData"`

	raw json.RawMessage // all of it
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *outgoing) UnmarshalJSON(raw []byte) error {
	type fields outgoing
	if err := json.Unmarshal(raw, (*fields)(a)); err != nil {
		return err
	}
	a.raw = bytes.Clone(raw)
	return nil
}

// account is a ChannelAccount.
type account struct {
	ID          string `json:"id"`
	Name        string `json:"name,omitempty"`
	AADObjectID string `json:"aadObjectId,omitempty"`
	IsTargeted  bool   `json:"isTargeted,omitempty"`
}

// conversationParameters start a conversation. Clients are leaving isGroup and bot out.
// Source: npm @microsoft/teams.api 2.1.0, CreateConversationParams.
type conversationParameters struct {
	IsGroup     bool            `json:"isGroup"`
	Members     []account       `json:"members"`
	TenantID    string          `json:"tenantId"`
	Activity    json.RawMessage `json:"activity"`
	ChannelData struct {
		Channel struct {
			ID string `json:"id"`
		} `json:"channel"`
		Tenant struct {
			ID string `json:"id"`
		} `json:"tenant"`
	} `json:"channelData"`
}

// badSyntax is the code of a request that can't be done as it is written.
// Source: github.com/microsoft/teams.net, docs/CreateConversation-API-Behavior.md, read 2026-11.
const badSyntax = "BadSyntax"

func (c *API) createConversation(w http.ResponseWriter, r *http.Request) {
	var p conversationParameters
	if !readBody(w, r, &p) {
		return
	}

	tenantID := cmp.Or(p.TenantID, p.ChannelData.Tenant.ID)
	inThread := p.ChannelData.Channel.ID != ""
	mayBeMissing := tenantID == "" && inThread // a channel tells its tenant
	if tenantID != c.Opt.TenantID && !mayBeMissing {
		calls.Refuse(w, http.StatusBadRequest, "BadArgument", "tenantId is missing or another one.")
		return
	}
	if inThread {
		c.startThread(w, p)
		return
	}
	if p.IsGroup {
		calls.Refuse(w, http.StatusBadRequest, badSyntax, "Incorrect conversation creation parameters")
		return
	}

	c.startPersonal(w, p)
}

func (c *API) startThread(w http.ResponseWriter, p conversationParameters) {
	ch := c.org.Channels[p.ChannelData.Channel.ID]
	isChannel := ch != nil && ch.Person == ""
	if !isChannel || ch.Deleted {
		calls.Refuse(w, http.StatusNotFound, "ConversationNotFound", "Channel not found.")
		return
	}
	if !c.org.IsReachable(ch) {
		calls.Refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
		return
	}
	if c.org.Teams[ch.Team].Archived {
		calls.Refuse(w, http.StatusForbidden, "MessageWritesBlocked", "The team is archived.")
		return
	}
	if len(p.Activity) == 0 {
		calls.Refuse(w, http.StatusBadRequest, badSyntax, "Incorrect conversation creation parameters")
		return
	}

	var a outgoing
	if err := json.Unmarshal(p.Activity, &a); err != nil {
		calls.Refuse(w, http.StatusBadRequest, badSyntax, "activity: "+err.Error())
		return
	}
	if !c.reader.ensureAcceptable(w, ch, a) || !c.ensureWithinLimits(w, createRule(ch.ID)) {
		return
	}

	msgs := c.reader.makeMessages("conversations.create", ch, a, c.NextMessage)
	root := msgs[0].ID
	for _, m := range msgs {
		if m.ID != root {
			m.Root = root
		}
		c.org.PutLocked(ch, m)
	}

	out := object{"id": tenant.ThreadConversation(ch.ID, root)}
	if len(msgs) == 1 {
		out["activityId"] = root
	}

	calls.WriteJSON(w, http.StatusCreated, out)
}

// startPersonal answers with the chat between the bot and a person, who is named by a 29: id. An Entra object id would do
// for people who installed the app for themselves; nobody here has.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages, read 2026-11.
func (c *API) startPersonal(w http.ResponseWriter, p conversationParameters) {
	if len(p.Members) != 1 {
		calls.Refuse(w, http.StatusBadRequest, "BadArgument", "A personal chat needs exactly one member.")
		return
	}

	id := p.Members[0].ID
	u := c.org.Person(id)
	switch {
	case u == nil || u.Bot:
		calls.Refuse(w, http.StatusBadRequest, badSyntax, "Bad format of member id.")
	case u.ID == id: // an Entra object id
		calls.Refuse(w, http.StatusForbidden, "ForbiddenOperationException", "The bot is not installed in the user's personal scope.")
	case c.org.Blocked[u.ID]:
		calls.Refuse(w, http.StatusForbidden, "ConversationBlockedByUser", "User blocked the conversation with the bot.")
	case !c.org.HasApp(u.ID) || u.TenantID != c.Opt.TenantID:
		calls.Refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The app is not installed for the user.")
	default:
		if c.ensureWithinLimits(w, createRule(c.Opt.PersonalID(u.ID))) {
			calls.WriteJSON(w, http.StatusCreated, object{"id": c.org.Personal(u.ID).ID})
		}
	}
}

func (c *API) sendActivity(w http.ResponseWriter, r *http.Request) {
	var a outgoing
	if !readBody(w, r, &a) {
		return
	}
	ch, root, ok := c.findWritable(w, r)
	if !ok {
		return
	}
	if id := r.PathValue("id"); id != "" && root == "" && ch.Person == "" { // a reply in a channel
		m := ch.ByID[id]
		if m == nil {
			calls.Refuse(w, http.StatusNotFound, "ActivityNotFoundInConversation", "The activity to reply to is not there.")
			return
		}
		root = m.Root
	}

	switch {
	case a.Type == "typing":
		calls.WriteJSON(w, http.StatusAccepted, object{})
	case isTargetedCall(r):
		c.sendTargeted(w, ch, root, a)
	case a.Recipient != nil && a.Recipient.IsTargeted:
		calls.Refuse(w, http.StatusBadRequest, "BadArgument", "A targeted recipient needs isTargetedActivity=true.")
	default:
		c.post(w, ch, a, audience{root: root})
	}
}

// audience says where in a room a message goes, and who sees it.
type audience struct {
	root   string // of its thread; "" begins a thread
	person string // who alone sees it; "" means everybody
	prompt string // the private message of the person that it answers
}

// post posts what an activity says, if Teams takes it. Teams makes two messages of one with both text and attachments.
func (c *API) post(w http.ResponseWriter, ch *tenant.Room, a outgoing, to audience) {
	if !c.reader.ensureAcceptable(w, ch, a) || !c.ensureWithinLimits(w, sendRule(ch.ID)) {
		return
	}

	msgs := c.reader.makeMessages("activities.send", ch, a, c.NextMessage)
	for _, m := range msgs {
		m.Root = to.root
		m.Targeted = to.person
		m.Prompt = to.prompt
		c.org.PutLocked(ch, m)
	}
	if len(msgs) > 1 {
		w.WriteHeader(http.StatusAccepted) // there is no id of all
		return
	}
	calls.WriteJSON(w, http.StatusCreated, object{"id": msgs[0].ID})
}

// findOwn finds the bot's message that a call names. It returns nil if it has refused the call.
func (c *API) findOwn(w http.ResponseWriter, r *http.Request) (*tenant.Room, *tenant.Message) {
	ch, root, ok := c.findWritable(w, r)
	if !ok {
		return nil, nil
	}

	m := findInThread(ch, root, r.PathValue("id"))
	switch {
	case m == nil:
		calls.Refuse(w, http.StatusNotFound, "ActivityNotFoundInConversation", "The activity is not there.")
	case !m.Bot:
		calls.Refuse(w, http.StatusForbidden, "BadArgument", "The message is not the bot's.")
	case isTargetedCall(r) != (m.Targeted != ""):
		calls.Refuse(w, http.StatusNotFound, "ActivityNotFoundInConversation", "The activity is not there.")
	case m.Targeted != "" && c.Now().Sub(m.At) >= tenant.TargetedLife:
		calls.Refuse(w, http.StatusNotFound, "ActivityNotFoundInConversation", "The targeted message has expired.")
	default:
		return ch, m
	}

	return nil, nil
}

// findInThread returns a message of a conversation that was not deleted; nil if there is none. With a root, the message
// must be in that thread.
func findInThread(ch *tenant.Room, root, id string) *tenant.Message {
	m := ch.ByID[id]
	if m == nil || m.Deleted() {
		return nil
	}
	if root != "" && m.Root != root {
		return nil
	}
	return m
}

func (c *API) updateActivity(w http.ResponseWriter, r *http.Request) {
	var a outgoing
	if !readBody(w, r, &a) {
		return
	}

	ch, m := c.findOwn(w, r)
	if m == nil {
		return
	}
	if m.Targeted != "" && a.Recipient != nil {
		calls.Refuse(w, http.StatusBadRequest, "BadArgument", "The recipient of a targeted message cannot be changed.")
		return
	}
	if a.Text != "" && len(a.Attachments) > 0 {
		calls.Refuse(w, http.StatusBadRequest, "BadArgument", "A message becomes either a text or a card.")
		return
	}
	if !c.reader.ensureAcceptable(w, ch, a) {
		return
	}

	n := c.reader.makeMessages("activities.update", ch, a, func() string { return m.ID })[0]
	n.Channel = m.Channel
	n.Root = m.Root
	n.At = m.At
	n.Reactions = m.Reactions
	n.Targeted = m.Targeted
	n.GUID = m.GUID
	n.Prompt = m.Prompt
	n.EditedAt = c.Now()
	*m = *n // what people saw instead of the card is gone
	c.Note(tenant.Change{Kind: "changed", Channel: ch.ID, Message: m.ID, Root: m.Root})
	calls.WriteJSON(w, http.StatusOK, object{"id": m.ID})
}

func (c *API) deleteActivity(w http.ResponseWriter, r *http.Request) {
	ch, m := c.findOwn(w, r)
	if m == nil {
		return
	}
	c.org.EraseLocked(ch, m)
	w.WriteHeader(http.StatusOK)
}

func isTargetedCall(r *http.Request) bool { return r.URL.Query().Get("isTargetedActivity") == "true" }

// sendTargeted posts what one member sees.
func (c *API) sendTargeted(w http.ResponseWriter, ch *tenant.Room, root string, a outgoing) {
	if ch.Person != "" {
		calls.Refuse(w, http.StatusBadRequest, "BadArgument", "Targeted messages are not for personal chats.")
		return
	}
	if !c.App.AllowsTargeted() {
		calls.Refuse(w, http.StatusBadRequest, "BadArgument", "The app does not support targeted messages.")
		return
	}
	if a.Recipient == nil || a.Recipient.ID == "" {
		calls.Refuse(w, http.StatusBadRequest, "BadArgument", "A targeted message needs a recipient.")
		return
	}

	u := c.org.Person(a.Recipient.ID)
	isOfTenant := u != nil && u.TenantID == c.Opt.TenantID
	if !isOfTenant || !c.org.IsMember(ch, u.ID) {
		calls.Refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The recipient is not part of the conversation roster.")
		return
	}
	c.post(w, ch, a, audience{root: root, person: u.ID, prompt: quotedPrompt(a.Entities)})
}

// quotedPrompt finds the private message that a targeted answer quotes.
func quotedPrompt(entities []json.RawMessage) string {
	for _, raw := range entities {
		var e struct {
			Type      string `json:"type"`
			MessageID string `json:"messageId"`
		}
		if json.Unmarshal(raw, &e) == nil && e.Type == "targetedMessageInfo" {
			return e.MessageID
		}
	}
	return ""
}
