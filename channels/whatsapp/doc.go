// Package whatsapp is the channel "whatsapp": one phone number of Meta's WhatsApp Cloud
// API. Webhooks come in (fact.go, decode*.go), messages go out (send.go, compose.go), files are
// fetched and uploaded, templates are submitted and their states are followed.
//
// What belongs to Graph as such (requests, signatures) is in channels/graph; the marks of the text (*bold*) are in
// channels/wamark. When something may be sent, and what follows from a failure, is the engine's to decide.
//
// Source: developers.facebook.com/documentation/business-messaging/whatsapp, read in
// November 2026.
package whatsapp
