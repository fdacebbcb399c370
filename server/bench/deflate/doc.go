// Package deflate holds the ways of several libraries to compress the messages of
// a connection (RFC 7692) beside each other: what a connection keeps while it is
// idle, what a message costs, and how small it gets.
//
// A [Way] is one library's, a [Case] is one kind of traffic. [Ways] and [Cases]
// list them, [Case.Agree] shows that a way's messages can be read, and [Measure]
// measures them in turns, so that a drift of the machine falls on all alike.
//
// The ways of gws and coder call what those libraries call, though it is not
// exported, and keep per connection what those keep. It is reached by linkname; a
// version that renames something fails to link, and one that changes the layout of
// what is kept is refused before it is measured.
package deflate
