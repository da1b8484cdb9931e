// A picture that is clicked, or reached by keys and entered, is shown as large as the window allows.
(() => {
  const large = byId("large");
  const open = (image) => {
    const copy = image.cloneNode();
    for (const name of ["role", "tabindex", "width", "height"]) copy.removeAttribute(name);
    copy.style.setProperty("--moment", style("--moment") || 99);
    const caption = image.parentElement.querySelector("figcaption");
    const said = document.createElement("p");
    said.textContent = caption ? caption.textContent.trim() : "";
    large.firstElementChild.replaceChildren(copy, said);
    large.showModal();
  };
  const enlargeable = (root) => all("figure img", root).forEach((image) => {
    image.tabIndex = 0;
    image.role = "button";
    image.addEventListener("click", () => open(image));
    image.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open(image);
    });
  });
  enlargeable(document);
  document.addEventListener("drawn", (event) => enlargeable(event.target));
  large.addEventListener("click", () => large.close());
})();
// two.js has drawn before this listened.
if (byId("two-samples")) byId("two-samples").dispatchEvent(new Event("drawn", { bubbles: true }));
