// Package whatsapp is the channel "whatsapp": one phone number of Meta's WhatsApp Cloud API. It decodes webhooks (fact.go,
// decode*.go), sends messages (send.go, compose.go), fetches and uploads files, submits templates, and follows whether Meta
// approves them.
//
// What does not belong here: requests and signatures of Meta's Graph API (channels/graph), the marks of a text, such as
// *bold* (channels/wamark), and deciding when something may be sent and what follows from a failure (bridge/engine).
//
// Source: developers.facebook.com/documentation/business-messaging/whatsapp, read 2026-11.
package whatsapp
