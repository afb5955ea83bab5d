<!doctype html>
<title>${title}</title>
<h1>${title}</h1>
<p>Built in container ${container}. <a href="about.html">More</a></p>
