// The page does all it must without this: it only keeps the time left current and says when the list has changed.
const news = document.getElementById('news');
if (news) {
  const facts = new EventSource('/v1/approvals/stream');
  const tell = () => {
    news.hidden = false;
  };
  for (const name of ['requested', 'voted', 'resolved']) facts.addEventListener(`approval.${name}`, tell);
}

function showTimeLeft() {
  for (const element of document.querySelectorAll('time[data-expires]')) {
    const seconds = Math.floor((Date.parse(element.dataset.expires) - Date.now()) / 1000);
    // Only the last hour is counted down: before that, what the server wrote is near enough.
    if (seconds >= 3600) continue;
    const minutes = Math.floor(seconds / 60);
    element.textContent = seconds <= 0 ? 'no time' : `${minutes} min ${seconds % 60} s`;
  }
}
setInterval(showTimeLeft, 1000);
