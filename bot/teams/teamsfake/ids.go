package teamsfake

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// hash makes hex digits that depend on the parts only.
func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// guidOf makes a GUID that depends on the parts only.
func guidOf(parts ...string) string {
	x := hash(parts...)
	return x[:8] + "-" + x[8:12] + "-4" + x[13:16] + "-a" + x[17:20] + "-" + x[20:32]
}

// newID makes hex digits that this server gives out once. Caller holds s.mu.
func (s *Server) newID(what string) string {
	s.ids++
	return hash(what, strconv.FormatInt(s.ids, 10), strconv.FormatInt(s.opt.Seed, 10), s.born)
}

func (s *Server) guid(what string) string { return guidOf(s.newID(what)) }

// threadID makes an id such as 19:…@thread.tacv2. Caller holds s.mu.
func (s *Server) threadID(what string) string { return "19:" + s.newID(what)[:32] + "@thread.tacv2" }

// nextMessage gives the next message id: the milliseconds since 1970, strictly rising even
// when the clock stands. Caller holds s.mu.
func (s *Server) nextMessage() string {
	s.lastMessage = max(s.now().UnixMilli(), s.lastMessage+1)
	return strconv.FormatInt(s.lastMessage, 10)
}

// teamsID is the id by which this bot knows a person.
func (s *Server) teamsID(u *User) string {
	prefix := "29:"
	if u.Bot {
		return "28:" + u.ID
	}
	sum := sha256.Sum256([]byte(s.opt.AppID + "/" + u.ID))
	return prefix + "1" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// botID is the bot's own id in conversations.
func (s *Server) botID() string { return "28:" + s.opt.AppID }

// personalID is the id of the chat between the bot and a person.
func (s *Server) personalID(user string) string {
	sum := sha256.Sum256([]byte("personal/" + s.opt.AppID + "/" + user))
	return "a:1" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// splitConversation takes ";messageid=…" off a conversation id.
func splitConversation(id string) (place, root string) {
	place, more, found := strings.Cut(id, ";")
	if !found {
		return place, ""
	}
	return place, strings.TrimPrefix(more, "messageid=")
}

// threadConversation is the conversation id of a thread.
func threadConversation(channel, root string) string {
	if root == "" {
		return channel
	}
	return fmt.Sprintf("%s;messageid=%s", channel, root)
}
