// States and numbers go to data attributes as well as to the text, so that a
// program that reads the page need not understand its wording.

export function showNumber(element, value, text) {
  element.dataset.value = value;
  element.textContent = text;
}

export function showState(element, state) {
  if (element.dataset.state === state && element.textContent === state) return; // or a screen reader says it again
  element.dataset.state = state;
  element.textContent = state;
}

export function showVerdict(element, verdict) {
  element.dataset.verdict = verdict;
  element.textContent = verdict;
}
