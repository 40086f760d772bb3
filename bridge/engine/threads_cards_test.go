package engine

import (
	"testing"
	"time"

	"parley/store"
)

// chatOf returns a conversation in a chat whose replies go to an id of the provider. phone is the customer's phone number,
// or "" if it is unknown.
func chatOf(phone string) *Conversation {
	c := &store.Conversation{
		ID: 7, Status: "open", Exclusive: true, Subject: "A lamp", ConversationTimes: store.ConversationTimes{CreatedAt: time.UnixMilli(1)},
		Participants: []store.Participant{{Key: "US.1349", Phone: phone, Name: "Kim", Role: RoleTo}},
	}
	return &Conversation{Conversation: c, Identity: &store.Identity{Key: "US.1349", Name: "Kim"}}
}

// A card is drawn again if its digest has changed. So customers without another phone number must keep the digests that
// earlier versions of Parley stored: otherwise an upgrade would draw all cards again, and while replicas of both versions
// run, each would draw them again after the other.
func TestCardDigestOfAPhoneNumber(t *testing.T) {
	t.Parallel()
	digestOf := func(phone string) string { return cardDigest(chatOf(phone), nil, "", nil) }
	const before = "e29cc811331d23ec" // of the version that knew no phone numbers
	if got := digestOf(""); got != before {
		t.Errorf("the digest without a phone number is %s, want %s as before", got, before)
	}
	if digestOf("+491701") == before {
		t.Error("a phone number doesn't change the digest, want another one")
	}
	if digestOf("+491701") == digestOf("+491702") {
		t.Error("another phone number doesn't change the digest, want another one")
	}
}
