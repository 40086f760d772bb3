package torture

import (
	"fmt"
	"strconv"

	"parley/cmd/parley/demo"
)

// This file connects the emulated providers of a test run (WhatsApp, Messenger, SMS) to package phone, whose HTTP
// handlers let customers write and read: POST /_fake/person/17/say makes the customer of conversation 17 write.

// customerPhone is the phone of a conversation's customer.
type customerPhone struct {
	providers *chatProviders
	conv      int
}

// Find implements phone.People. The user is the number of the customer's conversation.
func (c *chatProviders) Find(user string) (demo.Phone, bool) {
	conv, err := strconv.Atoi(user)
	return customerPhone{c, conv}, err == nil
}

// Meet implements phone.People. It ignores the name, since names are derived from the conversations.
func (c *chatProviders) Meet(user, _ string) demo.Phone {
	owner, _ := c.Find(user)
	return owner
}

// List implements phone.People. It returns nobody, since the run knows its customers.
func (c *chatProviders) List() []demo.PhoneOwner { return []demo.PhoneOwner{} }

// Chat implements phone.Phone.
func (p customerPhone) Chat(kind string) (demo.Chat, error) {
	switch ChatKind(kind) {
	case ByWhatsApp:
		return demo.WhatsAppChat(p.providers.whatsApp(p.conv)), nil
	case byMessenger:
		return demo.MessengerChat(p.providers.pageCustomer(p.conv)), nil
	case BySMS:
		return textChat{demo.SMSChat(p.providers.smsPhone(p.conv)), p}, nil
	case ByMail:
	}
	return nil, fmt.Errorf("a phone has no %q", kind)
}

// textChat is an SMS chat on a phone that sends one message after the other.
type textChat struct {
	demo.Chat
	owner customerPhone
}

// Say queues a text after those that the phone still has to send. It returns no id, since Twilio assigns one later.
func (t textChat) Say(text string, _ *demo.File, _ string) (string, error) {
	t.owner.providers.sendText(t.owner.conv, text)
	return "", nil
}
