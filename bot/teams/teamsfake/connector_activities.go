package teamsfake

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
)

// This file emulates the calls with which a bot starts conversations and posts, updates and deletes messages in Teams. The
// Bot Connector API calls a message an activity: POST conversations/{conv}/activities with {"type": "message", "text": "Hi"}.
//
// Each call runs with the organisation's lock held (asBot). Functions that are named ensure… or find… and get its
// ResponseWriter check a call: if Teams would refuse it, they write the error response themselves and report failure.

// outgoing is an activity that a bot sends.
// Source: Bot Connector API reference, "Activity object", read 2026-11.
type outgoing struct {
	Type             string            `json:"type"`
	Text             string            `json:"text"`
	TextFormat       string            `json:"textFormat"`
	Summary          string            `json:"summary"`
	Attachments      []WireAttachment  `json:"attachments"`
	AttachmentLayout string            `json:"attachmentLayout"`
	Entities         []json.RawMessage `json:"entities"`
	ReplyToID        string            `json:"replyToId"`
	Recipient        *account          `json:"recipient"`
	ChannelData      json.RawMessage   `json:"channelData"`

	raw json.RawMessage // the whole activity
}

// UnmarshalJSON implements json.Unmarshaler.
func (activity *outgoing) UnmarshalJSON(raw []byte) error {
	type fields outgoing
	if err := json.Unmarshal(raw, (*fields)(activity)); err != nil {
		return err
	}
	activity.raw = bytes.Clone(raw)
	return nil
}

// account is a ChannelAccount.
type account struct {
	ID          string `json:"id"`
	Name        string `json:"name,omitempty"`
	AADObjectID string `json:"aadObjectId,omitempty"`
	IsTargeted  bool   `json:"isTargeted,omitempty"`
}

// conversationParameters is the request to start a conversation.
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

// badSyntax is the error code for malformed requests.
// Source: github.com/microsoft/teams.net, docs/CreateConversation-API-Behavior.md, read 2026-11.
const badSyntax = "BadSyntax"

func (api *API) createConversation(w http.ResponseWriter, r *http.Request) {
	var p conversationParameters
	if !readBody(w, r, &p) {
		return
	}

	tenantID := cmp.Or(p.TenantID, p.ChannelData.Tenant.ID)
	inThread := p.ChannelData.Channel.ID != ""
	mayBeMissing := tenantID == "" && inThread // a channel implies its tenant
	if tenantID != api.Opt.TenantID && !mayBeMissing {
		Refuse(w, http.StatusBadRequest, "BadArgument", "tenantId is missing or another one.")
		return
	}
	if inThread {
		api.startThread(w, p)
		return
	}
	if p.IsGroup {
		Refuse(w, http.StatusBadRequest, badSyntax, "Incorrect conversation creation parameters")
		return
	}

	api.startPersonal(w, p)
}

func (api *API) startThread(w http.ResponseWriter, p conversationParameters) {
	room := api.org.Channels[p.ChannelData.Channel.ID]
	isChannel := room != nil && room.Person == ""
	if !isChannel || room.Deleted {
		Refuse(w, http.StatusNotFound, "ConversationNotFound", "Channel not found.")
		return
	}
	if !api.org.IsReachable(room) {
		Refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
		return
	}
	if api.org.Teams[room.Team].Archived {
		Refuse(w, http.StatusForbidden, "MessageWritesBlocked", "The team is archived.")
		return
	}
	if len(p.Activity) == 0 {
		Refuse(w, http.StatusBadRequest, badSyntax, "Incorrect conversation creation parameters")
		return
	}

	var activity outgoing
	if err := json.Unmarshal(p.Activity, &activity); err != nil {
		Refuse(w, http.StatusBadRequest, badSyntax, "activity: "+err.Error())
		return
	}
	if !api.reader.ensureAcceptable(w, room, activity) || !api.ensureWithinLimits(w, createRule(room.ID)) {
		return
	}

	msgs := api.reader.makeMessages("conversations.create", room, activity, api.NextMessage)
	root := msgs[0].ID
	for _, m := range msgs {
		if m.ID != root {
			m.Root = root
		}
		api.org.PutLocked(room, m)
	}

	out := Object{"id": ThreadConversation(room.ID, root)}
	if len(msgs) == 1 {
		out["activityId"] = root
	}

	WriteJSON(w, http.StatusCreated, out)
}

// startPersonal returns the chat between the bot and a person. The person must be named by a Teams id ("29:…"). Teams also
// accepts Entra object ids of people who installed the app for themselves, but nobody in the emulator has.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages, read 2026-11.
func (api *API) startPersonal(w http.ResponseWriter, p conversationParameters) {
	if len(p.Members) != 1 {
		Refuse(w, http.StatusBadRequest, "BadArgument", "A personal chat needs exactly one member.")
		return
	}

	id := p.Members[0].ID
	u := api.org.Person(id)
	switch {
	case u == nil || u.Bot:
		Refuse(w, http.StatusBadRequest, badSyntax, "Bad format of member id.")
	case u.ID == id: // an Entra object id
		Refuse(w, http.StatusForbidden, "ForbiddenOperationException", "The bot is not installed in the user's personal scope.")
	case !api.org.HasApp(u.ID) || u.TenantID != api.Opt.TenantID:
		Refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The app is not installed for the user.")
	default:
		if api.ensureWithinLimits(w, createRule(api.Opt.PersonalID(u.ID))) {
			WriteJSON(w, http.StatusCreated, Object{"id": api.org.Personal(u.ID).ID})
		}
	}
}

func (api *API) sendActivity(w http.ResponseWriter, r *http.Request) {
	var activity outgoing
	if !readBody(w, r, &activity) {
		return
	}
	room, root, ok := api.findWritable(w, r)
	if !ok {
		return
	}
	if id := r.PathValue("id"); id != "" && root == "" && room.Person == "" { // a reply in a channel
		m := room.ByID[id]
		if m == nil {
			Refuse(w, http.StatusNotFound, "ActivityNotFoundInConversation", "The activity to reply to is not there.")
			return
		}
		root = m.Root
	}

	switch {
	case activity.Type == "typing":
		WriteJSON(w, http.StatusAccepted, Object{})
	case isTargetedCall(r):
		api.sendTargeted(w, room, root, activity)
	case activity.Recipient != nil && activity.Recipient.IsTargeted:
		Refuse(w, http.StatusBadRequest, "BadArgument", "A targeted recipient needs isTargetedActivity=true.")
	default:
		api.post(w, room, activity, audience{root: root})
	}
}

// audience says where in a channel or chat (a tenant.Room) a message goes, and who sees it. A message that only one person
// sees is a targeted message.
type audience struct {
	root   string // first message of the thread; "" begins a new thread
	person string // the only person who sees the message; "" means everybody
	prompt string // the person's own private message that it answers, if any
}

// post posts an activity, if Teams accepts it. An activity with both text and attachments becomes two messages.
func (api *API) post(w http.ResponseWriter, room *Room, activity outgoing, to audience) {
	if !api.reader.ensureAcceptable(w, room, activity) || !api.ensureWithinLimits(w, sendRule(room.ID)) {
		return
	}

	msgs := api.reader.makeMessages("activities.send", room, activity, api.NextMessage)
	for _, m := range msgs {
		m.Root = to.root
		m.Targeted = to.person
		m.Prompt = to.prompt
		api.org.PutLocked(room, m)
	}
	if len(msgs) > 1 {
		w.WriteHeader(http.StatusAccepted) // no single id to return
		return
	}
	WriteJSON(w, http.StatusCreated, Object{"id": msgs[0].ID})
}

// findOwn returns the bot's message that a call names. It returns nil if it has refused the call.
func (api *API) findOwn(w http.ResponseWriter, r *http.Request) (*Room, *Message) {
	room, root, ok := api.findWritable(w, r)
	if !ok {
		return nil, nil
	}

	m := findInThread(room, root, r.PathValue("id"))
	switch {
	case m == nil:
		Refuse(w, http.StatusNotFound, "ActivityNotFoundInConversation", "The activity is not there.")
	case !m.Bot:
		Refuse(w, http.StatusForbidden, "BadArgument", "The message is not the bot's.")
	case isTargetedCall(r) != (m.Targeted != ""):
		Refuse(w, http.StatusNotFound, "ActivityNotFoundInConversation", "The activity is not there.")
	case m.Targeted != "" && api.Now().Sub(m.At) >= TargetedLife:
		Refuse(w, http.StatusNotFound, "ActivityNotFoundInConversation", "The targeted message has expired.")
	default:
		return room, m
	}

	return nil, nil
}

// findInThread returns a message of a conversation, or nil if it doesn't exist or was deleted. If root isn't empty, the
// message must be in that thread.
func findInThread(room *Room, root, id string) *Message {
	m := room.ByID[id]
	if m == nil || m.Deleted() {
		return nil
	}
	if root != "" && m.Root != root {
		return nil
	}
	return m
}

func (api *API) updateActivity(w http.ResponseWriter, r *http.Request) {
	var activity outgoing
	if !readBody(w, r, &activity) {
		return
	}

	room, m := api.findOwn(w, r)
	if m == nil {
		return
	}
	if m.Targeted != "" && activity.Recipient != nil {
		Refuse(w, http.StatusBadRequest, "BadArgument", "The recipient of a targeted message cannot be changed.")
		return
	}
	if activity.Text != "" && len(activity.Attachments) > 0 {
		Refuse(w, http.StatusBadRequest, "BadArgument", "A message becomes either a text or a card.")
		return
	}
	if !api.reader.ensureAcceptable(w, room, activity) {
		return
	}

	updated := api.reader.makeMessages("activities.update", room, activity, func() string { return m.ID })[0]
	updated.Channel = m.Channel
	updated.Root = m.Root
	updated.At = m.At
	updated.Reactions = m.Reactions
	updated.Targeted = m.Targeted
	updated.GUID = m.GUID
	updated.Prompt = m.Prompt
	updated.EditedAt = api.Now()
	*m = *updated // this also resets versions of the card that single people saw
	api.Note(Change{Kind: "changed", Channel: room.ID, Message: m.ID, Root: m.Root})
	WriteJSON(w, http.StatusOK, Object{"id": m.ID})
}

func (api *API) deleteActivity(w http.ResponseWriter, r *http.Request) {
	room, m := api.findOwn(w, r)
	if m == nil {
		return
	}
	api.org.EraseLocked(room, m)
	w.WriteHeader(http.StatusOK)
}

func isTargetedCall(r *http.Request) bool { return r.URL.Query().Get("isTargetedActivity") == "true" }

// sendTargeted posts a message that only one member sees.
func (api *API) sendTargeted(w http.ResponseWriter, room *Room, root string, activity outgoing) {
	if room.Person != "" {
		Refuse(w, http.StatusBadRequest, "BadArgument", "Targeted messages are not for personal chats.")
		return
	}
	if !api.App.AllowsTargeted() {
		Refuse(w, http.StatusBadRequest, "BadArgument", "The app does not support targeted messages.")
		return
	}
	if activity.Recipient == nil || activity.Recipient.ID == "" {
		Refuse(w, http.StatusBadRequest, "BadArgument", "A targeted message needs a recipient.")
		return
	}

	u := api.org.Person(activity.Recipient.ID)
	isOfTenant := u != nil && u.TenantID == api.Opt.TenantID
	if !isOfTenant || !api.org.IsMember(room, u.ID) {
		Refuse(w, http.StatusForbidden, "BotNotInConversationRoster", "The recipient is not part of the conversation roster.")
		return
	}
	api.post(w, room, activity, audience{root: root, person: u.ID, prompt: quotedPrompt(activity.Entities)})
}

// quotedPrompt returns the id of the private message that a targeted message answers, or "".
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
