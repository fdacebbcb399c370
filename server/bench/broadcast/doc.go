// Package broadcast measures how long our server takes to send one message to many,
// and what it costs them that some do not read: each subscriber has a queue of its
// own, so that the others should not notice. It runs on Linux; see package echo.
package broadcast
