// A list that grows like a log.

// Adds at the end, drops from the start, and follows only a reader who is at the end.
export function appendBounded(list, row, limit) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
  list.append(row);
  while (list.children.length > limit) list.firstElementChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}
