package emulators

import (
	"fmt"
	"strconv"

	"parley/cmd/parley/demo/phone"
)

// customerPhone is the phone of a conversation's customer.
type customerPhone struct {
	c    *chatProviders
	conv int
}

// Find implements phone.People: a customer is called by the number of his conversation.
func (c *chatProviders) Find(user string) (phone.Phone, bool) {
	conv, err := strconv.Atoi(user)
	return customerPhone{c, conv}, err == nil
}

// Meet implements phone.People. Names come from the conversations.
func (c *chatProviders) Meet(user, _ string) phone.Phone {
	owner, _ := c.Find(user)
	return owner
}

// List implements phone.People. Who drives the run knows the customers.
func (c *chatProviders) List() []phone.Owner { return []phone.Owner{} }

// Chat implements phone.Phone.
func (p customerPhone) Chat(kind string) (phone.Chat, error) {
	switch ChatKind(kind) {
	case ByWhatsApp:
		return phone.WhatsAppChat(p.c.whatsApp(p.conv)), nil
	case byMessenger:
		return phone.MessengerChat(p.c.pageCustomer(p.conv)), nil
	case BySMS:
		return textChat{phone.SMSChat(p.c.smsPhone(p.conv)), p}, nil
	case ByMail:
	}
	return nil, fmt.Errorf("a phone has no %q", kind)
}

// textChat is a chat by short messages on a phone that sends one after the other.
type textChat struct {
	phone.Chat
	owner customerPhone
}

// Say puts a text behind those that the phone still sends. It has no id yet.
func (t textChat) Say(text string, _ *phone.File, _ string) (string, error) {
	t.owner.c.sendText(t.owner.conv, text)
	return "", nil
}
