// One moment of training at a time: the slider shows its picture and hides the others.
for (const figure of document.querySelectorAll(".course")) {
  const slider = figure.querySelector("input"), told = figure.querySelector("output");
  const moments = figure.querySelectorAll("img");
  slider.addEventListener("input", () => {
    moments.forEach((image, index) => { image.hidden = index !== Number(slider.value); });
    told.textContent = `${Number(slider.value) + 1} of ${moments.length}`;
  });
}
