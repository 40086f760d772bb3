// Package site keeps what the settings site needs of its own: who is signed in, links that sign an admin in
// once, and what was changed in the set-up.
//
// What does not belong here: what is set up (package store); who may see which page (bot/web).
package site
