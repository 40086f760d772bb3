package teamsfake

import (
	"cmp"
	"encoding/json"
	"net/http"
	"time"
)

// outgoing is an activity as bots send it.
// Source: Bot Connector API reference, "Activity object", read 2026-11.
type outgoing struct {
	Type             string            `json:"type"`
	Text             string            `json:"text"`
	TextFormat       string            `json:"textFormat"`
	Summary          string            `json:"summary"`
	Attachments      []wireAttachment  `json:"attachments"`
	AttachmentLayout string            `json:"attachmentLayout"`
	Entities         []json.RawMessage `json:"entities"`
	SuggestedActions json.RawMessage   `json:"suggestedActions"`
	ReplyToID        string            `json:"replyToId"`
	Recipient        *account          `json:"recipient"`
	ChannelData      json.RawMessage   `json:"channelData"`
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
	Bot         *account        `json:"bot"`
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

func (c *connector) createConversation(w http.ResponseWriter, r *http.Request) {
	var p conversationParameters
	if _, ok := readActivity(w, r, &p); !ok {
		return
	}
	tenant := cmp.Or(p.TenantID, p.ChannelData.Tenant.ID)
	inThread := p.ChannelData.Channel.ID != ""
	switch {
	case tenant != c.opt.TenantID && (tenant != "" || !inThread): // a channel tells its tenant
		refuse(w, http.StatusBadRequest, "BadArgument", "tenantId is missing or another one.")
	case inThread:
		c.startThread(w, p)
	case p.IsGroup:
		refuse(w, http.StatusForbidden, "BadArgument", "Bots cannot create group chats.")
	default:
		c.startPersonal(w, p)
	}
}

// startThread posts a root.
func (c *connector) startThread(w http.ResponseWriter, p conversationParameters) {
	ch := c.org.channels[p.ChannelData.Channel.ID]
	switch {
	case ch == nil || ch.person != "" || ch.Deleted:
		refuse(w, http.StatusNotFound, "ConversationNotFound", "Channel not found.")
		return
	case !c.org.reachable(ch):
		refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
		return
	case c.org.teams[ch.Team].Archived:
		refuse(w, http.StatusForbidden, "MessageWritesBlocked", "The team is archived.")
		return
	case len(p.Activity) == 0:
		refuse(w, http.StatusBadRequest, "BadArgument", "A new thread needs an activity.")
		return
	}
	var a outgoing
	if err := json.Unmarshal(p.Activity, &a); err != nil {
		refuse(w, http.StatusBadRequest, "BadSyntax", "activity: "+err.Error())
		return
	}
	if !c.reader.accept(w, ch, a, p.Activity) || !c.admit(w, createRule(ch.ID)) {
		return
	}
	msgs := c.reader.messages("conversations.create", ch, a, p.Activity, c.nextMessage)
	for i, m := range msgs {
		m.Root = msgs[0].ID
		if i == 0 {
			m.Root = ""
		}
		c.org.put(ch, m)
	}
	root := msgs[0].ID
	out := object{"id": threadConversation(ch.ID, root)}
	if len(msgs) == 1 {
		out["activityId"] = root
	}
	writeJSON(w, http.StatusCreated, out)
}

func (c *connector) startPersonal(w http.ResponseWriter, p conversationParameters) {
	if len(p.Members) != 1 {
		refuse(w, http.StatusBadRequest, "BadArgument", "A personal chat needs exactly one member.")
		return
	}
	u := c.org.person(p.Members[0].ID)
	switch {
	case u == nil || u.Bot:
		refuse(w, http.StatusBadRequest, "BadSyntax", "Bad format of member id.")
	case c.org.blocked[u.ID]:
		refuse(w, http.StatusForbidden, "ConversationBlockedByUser", "User blocked the conversation with the bot.")
	case !c.org.knows(u.ID) || u.TenantID != c.opt.TenantID:
		refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The app is not installed for the user.")
	case c.admit(w, createRule(c.opt.personalID(u.ID))):
		writeJSON(w, http.StatusCreated, object{"id": c.org.personal(u.ID).ID})
	}
}

func (c *connector) sendActivity(w http.ResponseWriter, r *http.Request) {
	var a outgoing
	raw, ok := readActivity(w, r, &a)
	if !ok {
		return
	}
	ch, root, ok := c.writable(w, r)
	if !ok {
		return
	}
	if id := r.PathValue("id"); root == "" && id != "" && ch.person == "" {
		m := ch.byID[id]
		if m == nil {
			refuse(w, http.StatusNotFound, "ActivityNotFoundInConversation", "The activity to reply to is not there.")
			return
		}
		root = m.Root
	}
	if a.Type == "typing" {
		writeJSON(w, http.StatusAccepted, object{})
		return
	}
	if targetedCall(r) {
		c.sendTargeted(w, ch, root, a, raw)
		return
	}
	if a.Recipient != nil && a.Recipient.IsTargeted {
		refuse(w, http.StatusBadRequest, "BadArgument", "A targeted recipient needs isTargetedActivity=true.")
		return
	}
	if !c.reader.accept(w, ch, a, raw) || !c.admit(w, sendRule(ch.ID)) {
		return
	}
	msgs := c.reader.messages("activities.send", ch, a, raw, c.nextMessage)
	for _, m := range msgs {
		m.Root = root
		c.org.put(ch, m)
	}
	if len(msgs) > 1 {
		w.WriteHeader(http.StatusAccepted) // split: there is no id of both
		return
	}
	writeJSON(w, http.StatusCreated, object{"id": msgs[0].ID})
}

// own finds the bot's message that a call names, or answers. Caller holds the lock.
func (c *connector) own(w http.ResponseWriter, r *http.Request) (*channel, *Message) {
	ch, root, ok := c.writable(w, r)
	if !ok {
		return nil, nil
	}
	m := ch.byID[r.PathValue("id")]
	switch {
	case m == nil || m.Deleted() || root != "" && m.Root != root:
		refuse(w, http.StatusNotFound, "ActivityNotFoundInConversation", "The activity is not there.")
	case !m.Bot:
		refuse(w, http.StatusForbidden, "BadArgument", "The message is not the bot's.")
	case targetedCall(r) != (m.Targeted != ""):
		refuse(w, http.StatusNotFound, "ActivityNotFoundInConversation", "The activity is not there.")
	case m.Targeted != "" && c.now().Sub(m.At) >= targetedLife:
		refuse(w, http.StatusNotFound, "ActivityNotFoundInConversation", "The targeted message has expired.")
	default:
		return ch, m
	}
	return nil, nil
}

func (c *connector) updateActivity(w http.ResponseWriter, r *http.Request) {
	var a outgoing
	raw, ok := readActivity(w, r, &a)
	if !ok {
		return
	}
	ch, m := c.own(w, r)
	if m == nil {
		return
	}
	if m.Targeted != "" && a.Recipient != nil {
		refuse(w, http.StatusBadRequest, "BadArgument", "The recipient of a targeted message cannot be changed.")
		return
	}
	if a.Text != "" && len(a.Attachments) > 0 {
		refuse(w, http.StatusBadRequest, "BadArgument", "A message becomes either a text or a card.")
		return
	}
	if !c.reader.accept(w, ch, a, raw) {
		return
	}
	n := c.reader.messages("activities.update", ch, a, raw, func() string { return m.ID })[0]
	n.Channel, n.Root, n.At, n.Reactions, n.Targeted, n.guid = m.Channel, m.Root, m.At, m.Reactions, m.Targeted, m.guid
	n.Prompt = m.Prompt
	n.EditedAt = c.now()
	*m = *n // what people saw instead of the card is gone
	c.note(Change{Kind: "changed", Channel: ch.ID, Message: m.ID, Root: m.Root})
	writeJSON(w, http.StatusOK, object{"id": m.ID})
}

func (c *connector) deleteActivity(w http.ResponseWriter, r *http.Request) {
	ch, m := c.own(w, r)
	if m == nil {
		return
	}
	c.org.erase(ch, m)
	w.WriteHeader(http.StatusOK)
}

// put stores a message under its id; a root's Root becomes its own id, except in a personal
// chat. Caller holds the lock.
func (o *organisation) put(ch *channel, m *Message) {
	m.Channel = ch.ID
	if m.Root == "" && ch.person == "" {
		m.Root = m.ID
	}
	ch.messages = append(ch.messages, m)
	ch.byID[m.ID] = m
	if m.Root != "" {
		ch.threads[m.Root] = append(ch.threads[m.Root], m)
	}
	o.note(Change{Kind: "message", Channel: ch.ID, Message: m.ID, Root: m.Root, User: m.User})
}

// erase leaves a tombstone. Caller holds the lock.
func (o *organisation) erase(ch *channel, m *Message) {
	m.DeletedAt = o.now()
	m.Text, m.HTML, m.Cards, m.Pictures, m.Files, m.View, m.Mentions, m.attachments, m.Raw = "", "", nil, nil, nil, nil, nil, nil, nil
	o.note(Change{Kind: "deleted", Channel: ch.ID, Message: m.ID, Root: m.Root, User: m.User})
}

// targetedLife is how long a targeted message stays visible.
// Source: "Targeted messages", read 2026-11.
const targetedLife = 24 * time.Hour

func targetedCall(r *http.Request) bool { return r.URL.Query().Get("isTargetedActivity") == "true" }

// sendTargeted posts what one member sees.
func (c *connector) sendTargeted(w http.ResponseWriter, ch *channel, root string, a outgoing, raw json.RawMessage) {
	switch {
	case ch.person != "":
		refuse(w, http.StatusBadRequest, "BadArgument", "Targeted messages are not for personal chats.")
		return
	case !c.app.targeted():
		refuse(w, http.StatusBadRequest, "BadArgument", "The app does not support targeted messages.")
		return
	case a.Recipient == nil || a.Recipient.ID == "":
		refuse(w, http.StatusBadRequest, "BadArgument", "A targeted message needs a recipient.")
		return
	}
	u := c.org.person(a.Recipient.ID)
	if u == nil || !c.org.isMember(ch, u.ID) || u.TenantID != c.opt.TenantID {
		refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The recipient is not part of the conversation roster.")
		return
	}
	if !c.reader.accept(w, ch, a, raw) || !c.admit(w, sendRule(ch.ID)) {
		return
	}
	msgs := c.reader.messages("activities.send", ch, a, raw, c.nextMessage)
	for _, m := range msgs {
		m.Root, m.Targeted, m.Prompt = root, u.ID, quotedPrompt(a.Entities)
		c.org.put(ch, m)
	}
	if len(msgs) > 1 {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	writeJSON(w, http.StatusCreated, object{"id": msgs[0].ID})
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
